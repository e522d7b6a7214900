import type { QuotedRecord } from '../tables/index.ts';
import type { EventStream } from './event-stream.ts';
import type { EventNeeds } from './needs.ts';
import type { SourceRecording } from './recording.ts';
import type { ByteSource } from './source.ts';

/** What detection may look at. */
export interface Probe {
  readonly path: string;
  /** The first bytes of the source, up to 64 KiB. */
  readonly head: Uint8Array;
  readonly size: number;
}

export interface Detection {
  /** 0 = certainly not, 100 = certain. Below 20 the format is not considered. */
  readonly confidence: number;
  /** What was seen, in words that help a person who expected another format. */
  readonly why: string;
  /** The rendering within the format, where it is already clear. */
  readonly detail?: string;
}

export interface DecodeOptions {
  readonly needs: EventNeeds;
  /** Bytes per read; tests use tiny ones. */
  readonly chunkSize: number;
  /** Where the rows of frequent events may go while the source is read; a decoder need not use it. */
  readonly stream?: EventStream;
  /** Called now and then with the number of bytes read. */
  readonly progress?: (bytes: number) => void;
}

/** A record that is to be quoted, and which event of its kind it is. */
export interface EventRecord extends QuotedRecord {
  /** Name of its event table; null where it is of none. */
  readonly event: string | null;
  /** How many events of the kind stand before it at the same offset and time. */
  readonly nth: number;
}

export interface Format {
  readonly id: string;
  readonly title: string;
  detect(probe: Probe): Detection;
  /**
   * Reads the whole source into the recording. Damage inside the source becomes rows of the import log.
   * @throws InputError when nothing of the source can be used.
   */
  decode(source: ByteSource, out: SourceRecording, options: DecodeOptions): Promise<void>;
  /** Records as a person reads them, for formats whose bytes are no text; in the order asked. */
  excerpt?(source: ByteSource, places: readonly EventRecord[]): Promise<readonly string[]>;
}
