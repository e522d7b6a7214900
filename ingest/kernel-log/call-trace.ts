import type { ColumnBuilder, StringPool } from '../../tables/index.ts';
import type { SourceRecording } from '../recording.ts';
import type { Frame, FramePlace } from './frames.ts';

/** Longer traces are cut. */
const MAX_FRAMES = 512;

/** The columns of `splat_frames`, which one source fills in the order of its splats. */
export class FrameColumns {
  readonly symbols: StringPool;
  readonly modules: StringPool;
  private readonly source: number;
  private readonly column: Record<
    'source' | 'splat' | 'depth' | 'symbol' | 'symbol_offset' | 'module' | 'reliable',
    ColumnBuilder
  >;

  constructor(out: SourceRecording) {
    const { splatFrames } = out;
    this.source = out.id;
    this.column = {
      source: splatFrames.column('source'),
      splat: splatFrames.column('splat'),
      depth: splatFrames.column('depth'),
      symbol: splatFrames.column('symbol'),
      symbol_offset: splatFrames.column('symbol_offset'),
      module: splatFrames.column('module'),
      reliable: splatFrames.column('reliable'),
    };
    this.symbols = this.column.symbol.pool as StringPool;
    this.modules = this.column.module.pool as StringPool;
  }

  /** Writes one row. A negative offset or module is null. */
  push(
    splat: number,
    depth: number,
    symbol: number,
    offset: number,
    module: number,
    reliable: boolean,
  ): void {
    const { column } = this;
    column.source.pushNumber(this.source);
    column.splat.pushNumber(splat);
    column.depth.pushNumber(depth);
    column.symbol.pushNumber(symbol);
    if (offset < 0) column.symbol_offset.pushNull();
    else column.symbol_offset.pushNumber(offset);
    if (module < 0) column.module.pushNull();
    else column.module.pushNumber(module);
    column.reliable.pushNumber(reliable ? 1 : 0);
  }
}

/** The frames of one splat, innermost first, until the splats before it are written. */
export class CallTrace {
  private readonly columns: FrameColumns;
  private readonly symbols: number[] = [];
  /** -1 where only the name is printed. */
  private readonly offsets: number[] = [];
  /** -1 for functions of the kernel itself. */
  private readonly modules: number[] = [];
  private readonly reliable: boolean[] = [];

  constructor(columns: FrameColumns) {
    this.columns = columns;
  }

  get isEmpty(): boolean {
    return this.symbols.length === 0;
  }

  /** Name of the outermost function so far; null when there is none. */
  get outermost(): string | null {
    const id = this.symbols.at(-1);
    return id === undefined ? null : this.columns.symbols.get(id);
  }

  add({ symbol, offset, module, reliable }: Frame): void {
    const { symbols, modules } = this.columns;
    const moduleId = module === null ? -1 : modules.internString(module);
    this.push(symbols.internString(symbol), offset ?? -1, moduleId, reliable);
  }

  /** Adds the frame that stands at a place in `bytes`. */
  addPlace(bytes: Uint8Array, place: FramePlace): void {
    const { symbols, modules } = this.columns;
    const { symbolStart, symbolEnd, moduleStart, moduleEnd } = place;
    const moduleId = moduleEnd > moduleStart ? modules.intern(bytes, moduleStart, moduleEnd) : -1;
    this.push(symbols.intern(bytes, symbolStart, symbolEnd), place.offset, moduleId, place.reliable);
  }

  private push(symbol: number, offset: number, module: number, reliable: boolean): void {
    if (this.symbols.length >= MAX_FRAMES) return;
    this.symbols.push(symbol);
    this.offsets.push(offset);
    this.modules.push(module);
    this.reliable.push(reliable);
  }

  write(splat: number): void {
    const { symbols, offsets, modules, reliable } = this;
    for (let depth = 0; depth < symbols.length; depth++)
      this.columns.push(splat, depth, symbols[depth], offsets[depth], modules[depth], reliable[depth]);
  }
}
