/** Unpacks one block of `size` bytes into `target` from `at`; false when it is damaged. */
export type UnpackZstd = (packed: Uint8Array, size: number, target: Uint8Array, at: number) => boolean;

/** Readies a decoder. It keeps the memory that its largest block took. */
export function zstdDecoder(): Promise<UnpackZstd>;
