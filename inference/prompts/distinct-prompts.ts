/**
 * Prompts without those that say nothing new.
 */
import { readingOf } from '../../contract/same-prompt.js';
import type { FilePrompt } from './prompt.js';

/** What is left of a list, and how much was left out. */
export interface Distinct {
  readonly prompts: readonly FilePrompt[];
  readonly empty: number;
  /** Texts that encoders read as an earlier one. */
  readonly duplicates: number;
}

/** The first of every text that encoders read alike, trimmed; empty texts are left out. */
export function distinctPrompts(all: readonly FilePrompt[]): Distinct {
  const seen = new Set<string>();
  const prompts: FilePrompt[] = [];
  let empty = 0;
  for (const prompt of all) {
    const text = prompt.text.trim();
    const reading = readingOf(text);
    if (text === '') empty += 1;
    else if (!seen.has(reading)) prompts.push({ ...prompt, text });
    seen.add(reading);
  }
  return { prompts, empty, duplicates: all.length - empty - prompts.length };
}
