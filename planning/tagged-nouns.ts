/**
 * A note about prompts whose nouns are found by a part-of-speech tagger.
 */
import { countTagged } from '../inference/prompts/nouns.js';
import type { Prompt } from '../inference/prompts/prompt.js';
import type { NetworkFacts } from '../contract/wire/describe.js';

/** One sentence per scorer that reads nouns, if some prompts name none. */
export function taggedNotes(
  { scorers }: Pick<NetworkFacts, 'scorers'>,
  used: readonly { readonly role: string }[],
  prompts: readonly Prompt[],
): string[] {
  const readers = scorers.filter(
    (one) => !('missing' in one) && one.usesNouns && used.some(({ role }) => role === one.role),
  );
  const tagged = readers.length === 0 ? 0 : countTagged(prompts);
  if (tagged === 0) return [];
  return readers.map(
    ({ role }) =>
      `The scorer "${role}" reads nouns: ${tagged} of ${prompts.length} prompts name none, and a part-of-speech tagger (wink-nlp) found theirs.`,
  );
}
