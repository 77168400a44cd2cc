/**
 * What a reader should know about the scorers before trusting their numbers.
 */
import { loadClipTokenizer } from '../models/clip-tokenizer.js';
import type { ScorerFolder } from './scorer-kind.js';

/** Texts that are tokenised to see whether they are cut: the longest ones, since this blocks heartbeats. */
const MAX_READ = 2000;

/** One sentence per scorer that cuts captions. */
export function scorerNotes(scorers: readonly ScorerFolder[], texts: readonly string[]): string[] {
  const longest = [...texts].sort((a, b) => b.length - a.length).slice(0, MAX_READ);
  return scorers.flatMap(({ role, folder, files }) => {
    const tokenizer = files.includes('tokenizer.json') ? loadClipTokenizer(folder) : null;
    const cut = tokenizer?.truncated(longest) ?? 0;
    if (cut === 0) return [];
    const many = `${texts.length > MAX_READ ? 'at least ' : ''}${cut} of ${texts.length} prompts`;
    return [`The scorer "${role}" reads ${tokenizer!.length} tokens: ${many} are longer and are cut.`];
  });
}
