import { StringPool } from '../../tables/index.ts';
import type { EventTableBuilder } from '../event-table.ts';
import type { EventNeeds } from '../needs.ts';
import type { SourceRecording } from '../recording.ts';
import type { Head } from './head.ts';
import type { NameTable } from './name-table.ts';

/** How the body of an event is to be read. */
export type BodyKind = 'event' | 'function' | 'graph' | 'stack';

const BODY_KINDS: Readonly<Record<string, BodyKind>> = {
  function: 'function',
  funcgraph_entry: 'graph',
  fgraph_retaddr_entry: 'graph',
  funcgraph_exit: 'graph',
  kernel_stack: 'stack',
  user_stack: 'stack',
};

/** What is known of an event name. */
export interface NameInfo {
  readonly id: number;
  readonly name: string;
  readonly system: string | null;
  readonly body: BodyKind;
  count: number;
  /** Whether the needs want it: -1 = depends on the probed symbol, -2 = not asked yet. */
  wanted: 0 | 1 | -1 | -2;
  table: EventTableBuilder | null;
}

/** The names of the events of one source: counts, and which of them somebody wants. */
export class EventNames {
  private readonly out: SourceRecording;
  private readonly needs: EventNeeds;
  private readonly unwanted: NameTable;
  private readonly pool = new StringPool();
  private readonly infos: NameInfo[] = [];
  private readonly symbolWanted = new Map<number, boolean>();
  /** All functions seen; those of rows go to the pool that the tables share as well. */
  private readonly symbols = new StringPool();
  private readonly sharedIds: number[] = [];

  constructor(out: SourceRecording, needs: EventNeeds, unwanted: NameTable) {
    this.out = out;
    this.needs = needs;
    this.unwanted = unwanted;
  }

  /** The name that a head gives, `system:name` where it has a system. */
  ofHead(buffer: Uint8Array, head: Head): NameInfo {
    const start = head.systemEnd > head.systemStart ? head.systemStart : head.nameStart;
    return this.infoOf(this.pool.intern(buffer, start, head.nameEnd));
  }

  /** A name that the text does not print itself. */
  of(name: string): NameInfo {
    return this.infoOf(this.pool.internString(name));
  }

  /** Asks whether anybody wants events of a name that come without a symbol; the answer is final. */
  decide(info: NameInfo, isReturn: boolean, atAddress: boolean, fields: () => string[]): boolean {
    if (info.wanted === -2) {
      const { name, system } = info;
      const kind = { name, system, symbol: null, atAddress, isReturn, fields: fields() };
      info.wanted = this.needs.wants(kind) ? 1 : 0;
      if (info.wanted === 0 && info.body === 'event' && system === null) this.unwanted.add(name);
    }
    return info.wanted === 1;
  }

  /** Id of a function's name. */
  symbol(buffer: Uint8Array, start: number, end: number): number {
    return end > start ? this.symbols.intern(buffer, start, end) : -1;
  }

  /** Id of a function in the pool that the tables share; -1 stays -1. */
  sharedSymbol(symbol: number): number {
    if (symbol < 0) return -1;
    this.sharedIds[symbol] ??= this.out.pools.symbol.internString(this.symbols.get(symbol));
    return this.sharedIds[symbol];
  }

  /** Asks whether anybody wants events of a name on a function, -1 for none. */
  wantsSymbol(info: NameInfo, symbol: number, isReturn: boolean, fields: () => string[]): boolean {
    const key = ((symbol + 1) * 65536 + info.id) * 2 + (isReturn ? 1 : 0);
    let wanted = this.symbolWanted.get(key);
    if (wanted === undefined) {
      wanted = this.needs.wants({
        name: info.name,
        system: info.system,
        symbol: symbol < 0 ? null : this.symbols.get(symbol),
        isReturn,
        fields: fields(),
      });
      this.symbolWanted.set(key, wanted);
    }
    return wanted;
  }

  tableOf(info: NameInfo): EventTableBuilder {
    info.table ??= this.out.events(info.name, info.system);
    return info.table;
  }

  /** Writes the counts. */
  finish(): void {
    this.infos.forEach((info, id) => {
      if (info.count > 0) this.out.eventCounts.set(this.pool.get(id), info.count);
    });
  }

  private infoOf(id: number): NameInfo {
    let info = this.infos[id];
    if (!info) {
      const full = this.pool.get(id);
      const colon = full.indexOf(':');
      const name = colon > 0 ? full.slice(colon + 1) : full;
      const system = colon > 0 ? full.slice(0, colon) : null;
      const body = BODY_KINDS[name] ?? 'event';
      info = { id, name, system, body, count: 0, wanted: -2, table: null };
      this.infos[id] = info;
    }
    return info;
  }
}
