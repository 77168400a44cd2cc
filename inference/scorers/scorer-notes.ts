/**
 * What a reader should know of the scorers before trusting their numbers.
 */
import { loadClipTokenizer } from '../models/clip-tokenizer.js';
import { countTagged } from '../prompts/nouns.js';
import type { Prompt } from '../prompts/prompt.js';
import { scorerKind, usesNouns } from './scorer-folder.js';
import type { ScorerFolder } from './scorer-kind.js';

/** Texts that are tokenised to see whether they are cut: the longest, since this runs beside a heartbeat. */
const MAX_READ = 2000;

/** One sentence for each version label, for captions that are cut, and for nouns that a tagger found. */
export function scorerNotes(scorers: readonly ScorerFolder[], prompts: readonly Prompt[]): string[] {
  const longest = prompts
    .map(({ text }) => text)
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_READ);
  return scorers.flatMap((scorer) => {
    const { role, folder, files, manifest } = scorer;
    const label = scorerKind(scorer).label?.(manifest);
    const tokenizer = files.includes('tokenizer.json') ? loadClipTokenizer(folder) : null;
    const cut = tokenizer?.truncated(longest) ?? 0;
    const tagged = usesNouns(scorer) ? countTagged(prompts) : 0;
    return [
      ...(label === undefined ? [] : [`The scorer "${role}" is ${label}.`]),
      ...(cut === 0
        ? []
        : [
            `The scorer "${role}" reads ${tokenizer!.length} tokens: ${prompts.length > MAX_READ ? 'at least ' : ''}${cut} of ${prompts.length} prompts are longer and are cut.`,
          ]),
      ...(tagged === 0
        ? []
        : [
            `The scorer "${role}" reads nouns: ${tagged} of ${prompts.length} prompts name none, and a part-of-speech tagger (wink-nlp) found theirs.`,
          ]),
    ];
  });
}
