/**
 * The number of prompts of a spec that contains their texts.
 */
import { QschedError } from './errors.js';

/** A group of prompts whose defaults are filled. */
interface PromptChoice {
  readonly texts?: readonly string[] | undefined;
  count: number;
}

/**
 * Fills `count` with the number of texts, if there are texts and no other count was given.
 *
 * A spec whose defaults were filled before has a `count` next to its `set`; the default count is not a choice then.
 *
 * @param field the group's name
 * @param choice the group with its defaults filled; its count is changed
 * @param given the group as it was written
 * @param byDefault the count if none is given
 * @throws QschedError (usage) for a count that is not the number of texts
 */
export function settleCount(field: string, choice: PromptChoice, given: unknown, byDefault: number, place = ''): void {
  const { texts } = choice;
  if (texts === undefined) return;
  const { set, count } = (given ?? {}) as { set?: unknown; count?: unknown };
  if (count === undefined) {
    choice.count = texts.length;
    return;
  }
  if (count === texts.length || (set !== undefined && count === byDefault)) return;
  const holds = `${field}.texts holds ${texts.length} ${texts.length === 1 ? 'prompt' : 'prompts'}`;
  throw new QschedError(
    'usage',
    `${place}${field}.count is ${choice.count}, but ${holds}.`,
    `Leave ${field}.count out: all of ${field}.texts are used.`,
  );
}
