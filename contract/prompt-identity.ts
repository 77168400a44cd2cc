/**
 * A prompt's text as it is hashed into keys. 0.1.0 tokenised two kinds of text otherwise than transformers: those with a
 * capital sigma at the end of a word, and those with U+FEFF. Their keys differ from the keys of 0.1.0, whose scores must
 * not be reused; all other texts keep theirs.
 */
export const promptIdentity = (text: string): string => (wasMisread(text) ? `${text}\0tokens/1` : text);

const wasMisread = (text: string): boolean =>
  text.includes('\ufeff') || text.toLowerCase() !== text.replaceAll('\u03a3', '\u03c3').toLowerCase();
