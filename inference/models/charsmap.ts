/**
 * SentencePiece's normaliser, compiled into the `precompiled_charsmap` of a tokenizer: rewrite rules such as NFKC, exactly
 * as Rust's `tokenizers` applies them. The packing, little-endian:
 *
 *   uint32               bytes of the trie
 *   uint32 ...           the trie, a double array (darts-clone): keys are UTF-8, values places among the replacements
 *   UTF-8                the replacements, each ended by a zero
 *
 * A unit of the trie: bits 0-7 and 31 label, bit 8 whether a value hangs below, bits 10-30 offset to the children (times
 * 256 if bit 9 is set); the unit of a value has it in bits 0-30.
 */

const LABEL = 0x800000ff;
const HAS_VALUE = 1 << 8;
const FAR = 1 << 9;
const VALUE = 0x7fffffff;
/** Longer grapheme clusters, in bytes, are rewritten letter by letter. */
const CLUSTER_BYTES = 5;

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & FAR) >>> 6);

/**
 * The rewriting of texts by a charsmap. Clusters such as a letter with its accents are looked up as a whole first; the
 * rule of the shortest prefix replaces all of a cluster, as in Rust's `tokenizers` 0.22 and 0.23.
 *
 * @param packed in base64
 * @throws Error if it is not a charsmap
 */
export function charsmapOf(packed: string): (text: string) => string {
  const bytes = Buffer.from(packed, 'base64');
  const trieBytes = bytes.length < 4 ? Infinity : bytes.readUInt32LE(0);
  if (4 + trieBytes > bytes.length) throw new Error('its precompiled_charsmap is cut off');
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const replacements = bytes.subarray(4 + trieBytes);

  function replacementOf(key: Uint8Array): string | undefined {
    let at = offsetOf(trie[0] ?? 0);
    for (const byte of key) {
      if (byte === 0) return undefined;
      at ^= byte;
      const unit = trie[at] ?? 0;
      if ((unit & LABEL) >>> 0 !== byte) return undefined;
      at ^= offsetOf(unit);
      if ((unit & HAS_VALUE) !== 0) {
        const start = (trie[at] ?? 0) & VALUE;
        const end = replacements.indexOf(0, start);
        return decoder.decode(replacements.subarray(start, end === -1 ? undefined : end));
      }
    }
    return undefined;
  }

  return (text) => {
    let out = '';
    for (const { segment } of graphemes.segment(text)) {
      const key = encoder.encode(segment);
      const whole = key.length <= CLUSTER_BYTES ? replacementOf(key) : undefined;
      if (whole === undefined) for (const letter of segment) out += replacementOf(encoder.encode(letter)) ?? letter;
      else out += whole;
    }
    return out;
  };
}
