/**
 * Prompts of a split, as many at a time as fit in one payload.
 */
import type { PromptPage, PromptPageRequest } from '../contract/payloads.js';
import type { WirePrompt } from '../contract/wire/network.js';
import { wireBytes } from '../contract/wire-bytes.js';
import { splitPrompts } from '../inference/prompts/prompt-sets.js';

/** Half of what Temporal takes in one payload. */
const MAX_BYTES = 1_000_000;

/** @throws QschedError (usage) if the prompt set has changed since the split was planned */
export function promptPage({ split, from }: PromptPageRequest): PromptPage {
  const prompts: WirePrompt[] = [];
  let bytes = 0;
  for (const { text, nouns } of splitPrompts(split).slice(from)) {
    const own = nouns === null ? null : [...nouns];
    bytes += wireBytes(text) + (own ?? []).reduce((sum, noun) => sum + wireBytes(noun), 32);
    if (prompts.length > 0 && bytes > MAX_BYTES) break;
    prompts.push({ text, nouns: own });
  }
  return { prompts };
}
