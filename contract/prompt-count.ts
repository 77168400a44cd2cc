/**
 * How many prompts a spec means where it holds their texts itself.
 */
import { QschedError } from './errors.js';

/** A group of prompts whose defaults are filled. */
interface PromptChoice {
  readonly texts?: readonly string[] | undefined;
  count: number;
}

/**
 * Fills `count` with the number of texts, where there are texts and nobody said another count.
 *
 * A spec that was filled in before has `count` beside its `set`: the default there is no choice of anybody.
 *
 * @param field the group's name
 * @param choice the group, defaults filled; its count is changed
 * @param given the group as it was written
 * @param byDefault the count where none is given
 * @throws QschedError (usage) for a count that the texts do not have
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
    `Leave ${field}.count out: all of ${field}.texts count.`,
  );
}
