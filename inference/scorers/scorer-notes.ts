/**
 * What a reader should know about the scorers before trusting their numbers.
 */
import { loadClipTokenizer } from '../models/clip-tokenizer.js';
import { cutNotes, longestTexts } from '../prompts/cut-note.js';
import type { ScorerFolder } from './scorer-kind.js';

/** One sentence per scorer that cuts captions. */
export function scorerNotes(scorers: readonly ScorerFolder[], texts: readonly string[]): string[] {
  const longest = longestTexts(texts);
  return scorers.flatMap(({ role, folder, files }) =>
    files.includes('tokenizer.json')
      ? cutNotes(`The scorer "${role}"`, loadClipTokenizer(folder), longest, texts.length)
      : [],
  );
}
