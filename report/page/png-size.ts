/**
 * The size of a PNG from its data URI.
 */

/** How the data URI of a PNG begins. */
export const PNG_SIGNATURE = 'data:image/png;base64,';

/** Bytes 16 to 19 of a PNG are its width: those of the first chunk, IHDR. */
const WIDTH_AT = 16;

/** Pixels; null where the data is too short to say. */
export function pngWidth(uri: string): number | null {
  const bytes = Buffer.from(uri.slice(PNG_SIGNATURE.length, PNG_SIGNATURE.length + 32), 'base64');
  return bytes.length < WIDTH_AT + 4 ? null : bytes.readUInt32BE(WIDTH_AT);
}
