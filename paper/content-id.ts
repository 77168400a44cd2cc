/**
 * Ids from content, for workflows: their sandbox has no SHA-256. Philox4x32-10 as the block function
 * of a Davies-Meyer chain over the canonical JSON: 128 bits of state, of which 48 become the id. It
 * keeps apart what differs by accident, and is no seal against anybody.
 */
import { canonicalJson } from '../contract/canonical-json.js';
import { philox4x32 } from '../contract/philox.js';

const WORDS = 4;

/**
 * Equal values have equal ids, on any machine and in any order of keys.
 *
 * @param value plain JSON
 * @returns 12 hexadecimal digits
 */
export function contentId(value: unknown): string {
  const text = canonicalJson(value);
  const state = new Uint32Array(WORDS);
  const out = new Uint32Array(WORDS);
  // Two UTF-16 units a word and two words a block are the key; the position and the length keep padding apart from text.
  for (let at = 0; at <= text.length; at += 4) {
    const unit = (i: number): number => (at + i < text.length ? text.charCodeAt(at + i) : 0);
    const key = [unit(0) | (unit(1) << 16), unit(2) | (unit(3) << 16)];
    philox4x32([state[0]! ^ at, state[1]! ^ text.length, state[2]!, state[3]!], key, out);
    for (let word = 0; word < WORDS; word += 1) state[word]! ^= out[word]!;
  }
  return [state[0]!, state[1]!]
    .map((word) => word.toString(16).padStart(8, '0'))
    .join('')
    .slice(0, 12);
}
