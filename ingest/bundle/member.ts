import { InputError } from '../input-error.ts';
import { type ByteSource, unpackSource } from '../source.ts';
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

/** A file of a bundle, read where it stands in the archive, or unpacked when it is packed itself. */
export class BundleMember implements ByteSource {
  readonly path: string;
  readonly name: string;
  readonly bundle: Bundle;
  /** Why it could not be unpacked. */
  damage: string | null = null;
  private readonly offset: number;
  private readonly stored: number;
  private unpacked: ByteSource | null = null;
  private isOpen = true;

  constructor(bundle: Bundle, entry: TarEntry) {
    this.bundle = bundle;
    this.name = entry.name;
    this.path = `${bundle.archive.path}:${entry.name}`;
    this.stored = entry.size;
    this.offset = entry.offset;
  }

  get size(): number {
    return this.unpacked?.size ?? this.stored;
  }

  /** Unpacks a member that is packed itself. One that is damaged stays as it is: the others can still be read. */
  async unpack(): Promise<void> {
    const { path, stored } = this;
    const packed = { path, size: stored, read: this.read.bind(this), close: () => {} };
    try {
      const source = await unpackSource(packed);
      if (source !== packed) this.unpacked = source;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.damage = error.message;
    }
  }

  read(offset: number, target: Uint8Array): number {
    if (this.unpacked) return this.unpacked.read(offset, target);
    const left = Math.max(0, Math.min(target.length, this.size - offset));
    return left === 0 ? 0 : this.bundle.archive.read(this.offset + offset, target.subarray(0, left));
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.unpacked?.close();
    this.bundle.release();
  }
}
