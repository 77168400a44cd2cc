/**
 * A note about texts that are longer than what an encoder reads.
 */

/** Texts that are tokenised to see whether they are cut: the longest ones, since this blocks heartbeats. */
const MAX_READ = 2000;

/** A tokenizer as far as lengths matter. */
interface Reader {
  readonly length: number;
  truncated(texts: readonly string[]): number;
}

/** The texts of which some may be cut: at most 2000, the longest first. */
export const longestTexts = (texts: readonly string[]): readonly string[] =>
  [...texts].sort((a, b) => b.length - a.length).slice(0, MAX_READ);

/**
 * @param who reads them, for example `The scorer "objective"`
 * @param longest of `longestTexts`
 * @param total how many texts there are
 * @returns one sentence, or none if no text is cut
 */
export function cutNotes(who: string, reader: Reader, longest: readonly string[], total: number): string[] {
  const cut = reader.truncated(longest);
  if (cut === 0) return [];
  const many = `${total > longest.length ? 'at least ' : ''}${cut} of ${total} prompts`;
  return [`${who} reads ${reader.length} tokens: ${many} are longer and are cut.`];
}
