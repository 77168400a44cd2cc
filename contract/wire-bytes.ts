/**
 * The size of texts on the wire.
 */

/** Bytes as JSON in UTF-8, with quotation marks and escapes. */
export function wireBytes(text: string): number {
  let bytes = 0;
  for (const sign of JSON.stringify(text)) {
    const point = sign.codePointAt(0)!;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Bytes of a list of texts. */
export const listBytes = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + wireBytes(text) + 1, 0);
