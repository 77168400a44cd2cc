/**
 * float64 numbers as one base64 string (little-endian): exact, and half the length of decimals.
 * Written out because the workflow sandbox has neither Buffer nor btoa.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map(Array.from(ALPHABET, (letter, value) => [letter, value]));

/** base64 of the numbers' 8-byte little-endian form; `null` is stored as NaN. */
export function packFloats(numbers: ArrayLike<number | null>): string {
  const bytes = new Uint8Array(numbers.length * 8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < numbers.length; i += 1) view.setFloat64(8 * i, numbers[i] ?? Number.NaN, true);
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const have = bytes.length - i;
    const three = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += ALPHABET[three >> 18]! + ALPHABET[(three >> 12) & 63]!;
    text += (have > 1 ? ALPHABET[(three >> 6) & 63]! : '=') + (have > 2 ? ALPHABET[three & 63]! : '=');
  }
  return text;
}

/** The numbers that `packFloats` stored, or `null` if the text is not such a string. */
export function unpackFloats(text: string): Float64Array | null {
  const letters = text.replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4));
  if (bytes.length % 8 !== 0) return null;
  let bits = 0;
  let word = 0;
  let at = 0;
  for (const letter of letters) {
    const value = VALUES.get(letter);
    if (value === undefined) return null;
    word = ((word << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (word >> bits) & 0xff;
      at += 1;
    }
  }
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
}
