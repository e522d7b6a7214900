import {
  CONFIG_ACCESSES,
  IMPORT_LOG,
  LOG_RECORDS,
  LOSSES,
  PCI_FUNCTIONS,
  PROBES,
  type RecordedTables,
  type RowOf,
  SIMULATOR_EVENTS,
  SOURCES,
  SPLAT_FRAMES,
  SPLATS,
  type Table,
  TableBuilder,
} from '../tables/index.ts';
import type { EventStream, StreamedTable } from './event-stream.ts';
import { EventTableBuilder, type SharedPools, sharedPools } from './event-table.ts';

/** The bucket a byte of the input lands in: exactly one. */
export type Bucket = 'record' | 'continuation' | 'marker' | 'comment' | 'unparsed';

export interface Place {
  readonly offset: number;
  readonly line?: number | null;
}

/** Bytes from `start` to before `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Parts of a source that another format reads as a source of its own. */
export interface Embedded {
  readonly format: string;
  readonly ranges: readonly Range[];
}

export type LossRow = Omit<RowOf<typeof LOSSES>, 'source'>;

/** What one source gave. Decoders write here. */
export class SourceRecording {
  readonly id: number;
  readonly path: string;
  readonly format: string;
  readonly size: number;
  detail: string | null = null;
  clock: string | null = null;
  timeUnit: 'ns' | 'ticks' | null = null;
  precisionNs: number | null = null;
  kernelRelease: string | null = null;
  /** Id that the recorder gave the recording, and those of recordings on the other side of a hypervisor that it names. */
  traceId: bigint | null = null;
  peers: readonly bigint[] = [];
  complete = true;
  /** When a listing of the hardware was taken, where its bundle or the user says so. */
  taken: 'before' | 'after' | null = null;
  records = 0;
  unparsed = 0;
  readonly bytes: Record<Bucket, number> = { record: 0, continuation: 0, marker: 0, comment: 0, unparsed: 0 };
  firstNs: bigint | null = null;
  lastNs: bigint | null = null;
  readonly embedded: Embedded[] = [];
  /** Names of all kinds of event in the source with their counts, wanted or not. */
  readonly eventCounts = new Map<string, number>();
  private readonly recording: Recording;
  private readonly notes = new Map<string, RowOf<typeof IMPORT_LOG>>();

  constructor(recording: Recording, id: number, path: string, format: string, size: number) {
    this.recording = recording;
    this.id = id;
    this.path = path;
    this.format = format;
    this.size = size;
  }

  get pools(): SharedPools {
    return this.recording.pools;
  }

  /** Adds to the import log; the same code again only counts. */
  note(severity: 'info' | 'warning' | 'error', code: string, place: Place | null, message: string): void {
    const known = this.notes.get(code);
    if (known) {
      known.count++;
      return;
    }
    const row = {
      source: this.id,
      severity,
      code,
      offset: place ? BigInt(place.offset) : null,
      line: place?.line ?? null,
      count: 1,
      message,
    };
    this.notes.set(code, row);
    this.recording.importLog.push(row);
  }

  loss(row: LossRow): void {
    this.recording.losses.append({ source: this.id, ...row });
  }

  /** The table of a kind of trace event, made at its first use. */
  events(name: string, system: string | null = null): EventTableBuilder {
    return this.recording.eventTable(name, system);
  }

  /** The same, whose rows go out in batches. */
  streamedEvents(name: string, system: string | null, to: EventStream): EventTableBuilder {
    const table = this.recording.eventTable(name, system);
    if (!table.isStreamed) table.streamTo(to, this.recording.streams++, this.id);
    return table;
  }

  /** The table of log records, for a decoder that fills its columns one by one. */
  get logRecords(): TableBuilder<typeof LOG_RECORDS> {
    return this.recording.logRecords;
  }

  splat(row: RowOf<typeof SPLATS>): void {
    this.recording.splats.append(row);
  }

  /** The table of the frames of splats, for a decoder that fills its columns one by one. */
  get splatFrames(): TableBuilder<typeof SPLAT_FRAMES> {
    return this.recording.splatFrames;
  }

  probe(row: Omit<RowOf<typeof PROBES>, 'source'>): void {
    this.recording.probes.append({ source: this.id, ...row });
  }

  pciFunction(row: Omit<RowOf<typeof PCI_FUNCTIONS>, 'source'>): void {
    this.recording.pciFunctions.append({ source: this.id, ...row });
  }

  /** The table of config accesses, for a decoder that fills its columns one by one. */
  get configAccesses(): TableBuilder<typeof CONFIG_ACCESSES> {
    return this.recording.configAccesses;
  }

  simulatorEvent(row: Omit<RowOf<typeof SIMULATOR_EVENTS>, 'source'>): void {
    this.recording.simulatorEvents.append({ source: this.id, ...row });
  }

  row(): RowOf<typeof SOURCES> {
    return {
      source: this.id,
      path: this.path,
      format: this.format,
      detail: this.detail,
      bytes: BigInt(this.size),
      records: BigInt(this.records),
      record_bytes: BigInt(this.bytes.record),
      continuation_bytes: BigInt(this.bytes.continuation),
      marker_bytes: BigInt(this.bytes.marker),
      comment_bytes: BigInt(this.bytes.comment),
      unparsed_bytes: BigInt(this.bytes.unparsed),
      unparsed: BigInt(this.unparsed),
      clock: this.clock,
      time_unit: this.timeUnit,
      precision_ns: this.precisionNs === null ? null : BigInt(this.precisionNs),
      first_ns: this.firstNs,
      last_ns: this.lastNs,
      kernel_release: this.kernelRelease,
      complete: this.complete,
      taken: this.taken,
    };
  }
}

/** All that was read from all inputs, as growing tables. */
export class Recording {
  readonly sources: SourceRecording[] = [];
  readonly pools: SharedPools = sharedPools();
  readonly importLog: RowOf<typeof IMPORT_LOG>[] = [];
  readonly losses = new TableBuilder(LOSSES);
  readonly probes = new TableBuilder(PROBES);
  readonly logRecords = new TableBuilder(LOG_RECORDS);
  readonly splats = new TableBuilder(SPLATS);
  readonly splatFrames = new TableBuilder(SPLAT_FRAMES);
  readonly pciFunctions = new TableBuilder(PCI_FUNCTIONS);
  readonly configAccesses = new TableBuilder(CONFIG_ACCESSES);
  readonly simulatorEvents = new TableBuilder(SIMULATOR_EVENTS);
  private readonly tables = new Map<string, EventTableBuilder>();

  /** Number of the next table that is streamed. */
  streams = 0;

  addSource(path: string, format: string, size: number): SourceRecording {
    const source = new SourceRecording(this, this.sources.length, path, format, size);
    this.sources.push(source);
    return source;
  }

  eventTable(name: string, system: string | null): EventTableBuilder {
    let table = this.tables.get(name);
    if (table?.system && system && table.system !== system) {
      return this.eventTable(`${system}_${name}`, null);
    }
    if (!table) {
      table = new EventTableBuilder(name, system, this.pools);
      this.tables.set(name, table);
    }
    return table;
  }

  finish(): Recorded {
    const sources = new TableBuilder(SOURCES);
    for (const source of this.sources) sources.append(source.row());
    const importLog = new TableBuilder(IMPORT_LOG);
    for (const row of this.importLog) importLog.append(row);
    const events = [...this.tables.values()].map((table) => table.finish());
    return {
      sources: sources.finish(),
      importLog: importLog.finish(),
      losses: this.losses.finish(),
      probes: this.probes.finish(),
      logRecords: this.logRecords.finish(),
      splats: this.splats.finish(),
      splatFrames: this.splatFrames.finish(),
      pciFunctions: this.pciFunctions.finish(),
      configAccesses: this.configAccesses.finish(),
      simulatorEvents: this.simulatorEvents.finish(),
      events: events.filter((table): table is Table => 'columns' in table),
      streamed: events.filter((table): table is StreamedTable => !('columns' in table)),
      eventCounts: this.sources.map((source) => source.eventCounts),
    };
  }
}

/** Finished tables of a recording. */
export interface Recorded extends RecordedTables {
  /** The tables of those kinds whose rows went to the stream. */
  readonly streamed: readonly StreamedTable[];
  /** Per source: events by name, wanted or not. */
  readonly eventCounts: readonly ReadonlyMap<string, number>[];
}
