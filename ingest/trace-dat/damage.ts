/** A part of the file that cannot be read as what it should be. The container turns it into a note or an InputError. */
export class Damage extends Error {
  override name = 'Damage';
  /** Where in the source, in bytes. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
