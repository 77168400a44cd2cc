/**
 * When two texts are one prompt: a text encoder reads them as the same tokens.
 *
 * CLIP's tokenizer composes characters (NFC), lower-cases them, and cuts the text into runs of letters, single digits and
 * runs of other characters, so that blanks between such pieces leave no trace: "A cat ." is "a cat.". T5's SentencePiece
 * also replaces compatibility characters (NFKC), but keeps case. What either of them reads alike is one prompt here, for
 * all models: a held-out prompt that differs from a calibration prompt in case alone is not held out, whatever the encoder.
 *
 * Stored keys do not depend on this: they hash the text itself (prompt-identity.ts).
 */

/** The pieces of CLIP's pre-tokenizer (transformers, `CLIPTokenizer.pat`), after lower-casing. */
const PIECES = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu;

/**
 * A text as encoders read it: equal for texts that are one prompt.
 *
 * Letters are lower-cased one by one, as tokenizers do it: a capital sigma at the end of a word becomes an inner one.
 */
export const readingOf = (text: string): string =>
  (text.normalize('NFKC').replaceAll('\u03a3', '\u03c3').toLowerCase().match(PIECES) ?? []).join(' ');
