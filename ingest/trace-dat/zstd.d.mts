/** Unpacks one block of `size` bytes into `target` from `at`; false when it is damaged. */
export type UnpackZstd = (packed: Uint8Array, size: number, target: Uint8Array, at: number) => boolean;

/** Compiles the decoder, in threads of the engine's own; once, however often it is called. */
export function compileZstd(): Promise<unknown>;

/** Readies a decoder. It keeps the memory that its largest block took. */
export function zstdDecoder(): Promise<UnpackZstd>;

/**
 * Unpacks one block with a decoder of its own, whose memory the block stays in; null when it is damaged. A decoder was
 * readied before.
 */
export function unpackZstdInPlace(packed: Uint8Array, size: number): Uint8Array | null;
