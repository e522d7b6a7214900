import type {
  CONFIG_ACCESSES,
  IMPORT_LOG,
  LOG_RECORDS,
  LOSSES,
  PCI_FUNCTIONS,
  PROBES,
  SIMULATOR_EVENTS,
  SOURCES,
  SPLAT_FRAMES,
  SPLATS,
} from './catalog/index.ts';
import type { Table } from './table.ts';

/** What reading gives: everything that the inputs say, before the model has judged it. */
export interface RecordedTables {
  readonly sources: Table<typeof SOURCES>;
  readonly importLog: Table<typeof IMPORT_LOG>;
  readonly losses: Table<typeof LOSSES>;
  readonly probes: Table<typeof PROBES>;
  readonly logRecords: Table<typeof LOG_RECORDS>;
  readonly splats: Table<typeof SPLATS>;
  readonly splatFrames: Table<typeof SPLAT_FRAMES>;
  readonly pciFunctions: Table<typeof PCI_FUNCTIONS>;
  readonly configAccesses: Table<typeof CONFIG_ACCESSES>;
  readonly simulatorEvents: Table<typeof SIMULATOR_EVENTS>;
  /** Trace events as recorded: one table per kind that was wanted. */
  readonly events: readonly Table[];
}

/** A record that is to be quoted: where it stands, and what tells it from its neighbours. */
export interface QuotedRecord {
  readonly source: number;
  readonly seq: number;
  readonly offset: number;
  readonly length: number;
  /** Time on the clock of its source, ns. */
  readonly timeNs: bigint | null;
  /** Name of its task. */
  readonly comm: string | null;
}
