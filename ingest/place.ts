/** Where a record stands in its source. Decoders keep one and set it for each record. */
export interface RecordPlace {
  /** Offset of its first byte. */
  offset: number;
  /** Its length in bytes. */
  length: number;
  /** Number of its first line, from 1; 0 in a binary source. */
  line: number;
}
