/** An input that cannot be used. The message says what was expected, what was found, where, and what to do. */
export class InputError extends Error {
  override name = 'InputError';
}
