import type { ByteSource } from '../source.ts';
import type { Facts } from './facts.ts';
import type { TarEntry } from './tar.ts';

/** An archive that was opened, with what its members say about the capture. */
export class Bundle {
  readonly archive: ByteSource;
  readonly facts: Facts;
  private open = 0;

  constructor(archive: ByteSource, facts: Facts) {
    this.archive = archive;
    this.facts = facts;
  }

  /** The archive stays open until its last member is closed. */
  member(entry: TarEntry): BundleMember {
    this.open++;
    return new BundleMember(this, entry);
  }

  release(): void {
    if (--this.open === 0) this.archive.close();
  }
}

/** A file of a bundle, read where it stands in the archive. */
export class BundleMember implements ByteSource {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly bundle: Bundle;
  private readonly offset: number;
  private isOpen = true;

  constructor(bundle: Bundle, entry: TarEntry) {
    this.bundle = bundle;
    this.name = entry.name;
    this.path = `${bundle.archive.path}:${entry.name}`;
    this.size = entry.size;
    this.offset = entry.offset;
  }

  read(offset: number, target: Uint8Array): number {
    const left = Math.max(0, Math.min(target.length, this.size - offset));
    return left === 0 ? 0 : this.bundle.archive.read(this.offset + offset, target.subarray(0, left));
  }

  close(): void {
    if (this.isOpen) this.bundle.release();
    this.isOpen = false;
  }
}
