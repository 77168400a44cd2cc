/**
 * Held-out gains prompt by prompt, and which prompts are shown.
 */
import { eq } from 'drizzle-orm';
import type { Store } from '../../db/open-store.js';
import { promptGains } from '../../db/schema.js';
import type { SearchDocument } from '../documents/search-document.js';
import type { ScorerNames } from '../text/scorer-label.js';

type PromptGain = SearchDocument['prompts'][number];

/** @param roles of the verdict's scorers, the objective's first */
export function promptGainsOf(
  store: Store,
  searchId: string,
  roles: readonly string[],
  nameOf: ScorerNames,
): SearchDocument['prompts'] {
  const place = (scorer: string): number => (roles.includes(scorer) ? roles.indexOf(scorer) : roles.length);
  return store
    .select()
    .from(promptGains)
    .where(eq(promptGains.searchId, searchId))
    .all()
    .map(({ scorer, position, prompt, baseline, finalist, gain }) => ({
      position: position!,
      prompt: prompt!,
      scorer: scorer!,
      baseline: baseline!,
      finalist: finalist!,
      gain: gain!,
    }))
    .sort((a, b) => place(a.scorer) - place(b.scorer) || a.position - b.position)
    .map((row) => ({ ...row, scorer: nameOf(row.scorer) }));
}

/** A prompt that is shown. */
export interface ShownPrompt {
  readonly position: number;
  readonly chosen: SearchDocument['images'][number]['chosen'];
  readonly gain: number | null;
}

/**
 * A third of them with the lowest gains, a third with the highest, and the rest evenly between.
 *
 * @param gains of one scorer, by position
 * @param positions those that there are, for a search without gains per prompt: then as many of them, evenly
 * @returns in the order of the gain, the worst first; without gains by position
 */
export function shownPrompts(
  gains: readonly Pick<PromptGain, 'position' | 'gain'>[],
  positions: readonly number[],
  count: number,
): ShownPrompt[] {
  if (gains.length === 0) {
    return evenly(positions, count).map((position) => ({ position, chosen: 'between', gain: null }));
  }
  const ranked = gains.toSorted((a, b) => a.gain - b.gain || a.position - b.position);
  const third = Math.floor(Math.min(count, ranked.length) / 3);
  const as = (chosen: ShownPrompt['chosen'], list: readonly Pick<PromptGain, 'position' | 'gain'>[]): ShownPrompt[] =>
    list.map(({ position, gain }) => ({ position, chosen, gain }));
  const [worst, between, best] = [
    ranked.slice(0, third),
    ranked.slice(third, ranked.length - third),
    ranked.slice(ranked.length - third),
  ];
  return [...as('worst', worst), ...as('between', evenly(between, count - 2 * third)), ...as('best', best)];
}

/** At most `count` of them, from the middle of as many equal parts. */
const evenly = <T>(list: readonly T[], count: number): T[] =>
  list.length <= count
    ? [...list]
    : Array.from({ length: count }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / count)]!);
