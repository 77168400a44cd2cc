/**
 * The prompts of a split, fetched page by page from where the prompt sets are.
 */
import type { PromptSplit } from '../contract/payloads.js';
import type { WirePrompt } from '../contract/wire/network.js';
import { storeActivities } from './activities.js';

/** All prompts of a split, in order. */
export async function fetchPrompts(split: PromptSplit): Promise<WirePrompt[]> {
  const all: WirePrompt[] = [];
  while (all.length < split.count) {
    const { prompts } = await storeActivities(split.count).promptPage({ split, from: all.length });
    all.push(...prompts);
  }
  return all;
}
