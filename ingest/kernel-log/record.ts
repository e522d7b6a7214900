import { bigOf, nanosecondsOf, type WordPair } from '../../tables/index.ts';
import type { RecordPlace } from '../place.ts';
import { NONE } from './head.ts';

/** The record that is being read, in the form the splat reader gets it. */
export interface LogRecord extends RecordPlace {
  /** Where the message stands in the source; -1 where it does not stand there as it is. */
  textOffset: number;
  textEndOffset: number;
  seq: number;
  boot: number;
  /** Index in `TIME_KINDS`. */
  timeKind: number;
  seconds: number;
  nanos: number;
  /** Id of the caller in its pool, or -1. */
  caller: number;
  /** Memory that holds the message as valid UTF-8, and its place there. */
  text: Buffer;
  textStart: number;
  textLength: number;
  /** False when the message may have bytes beyond ASCII. */
  isAscii: boolean;
}

/** The record before the first. */
export function noRecord(text: Buffer): LogRecord {
  return {
    textOffset: -1,
    textEndOffset: -1,
    seq: 0,
    boot: 0,
    timeKind: NONE,
    seconds: 0,
    nanos: 0,
    caller: -1,
    text,
    textStart: 0,
    textLength: 0,
    isAscii: true,
    offset: 0,
    length: 0,
    line: 0,
  };
}

const pair: WordPair = { lo: 0, hi: 0 };

/** Nanoseconds of a time in seconds and the rest. */
export function timeIn(seconds: number, nanos: number): bigint {
  nanosecondsOf(seconds, nanos, pair);
  return bigOf(pair.lo, pair.hi);
}

/** Time of a record in ns. */
export function timeOf(record: LogRecord): bigint {
  return timeIn(record.seconds, record.nanos);
}
