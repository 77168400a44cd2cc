/**
 * The finalist of a search for repair: the most repair on the selection prompts, among the candidates that gain there. A
 * candidate that gains less than full precision may still gain; one that does not gain is no finalist unless none does.
 */
import { storeActivities } from '../activities.js';
import { numbered, scoreStage } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import type { Ranked, SearchState } from './search-state.js';

/** @param state with at least one candidate in `best` */
export async function selectRepair(run: SearchRun, state: SearchState): Promise<Ranked> {
  const { best, quantised } = state;
  const candidates = best.map(({ coefficients }) => coefficients);
  const trials = numbered([spaceOf(run.spec).identity(), ...candidates], 0);
  const { scores } = await scoreStage(run, state, { stage: 'select', trials, label: 'select' });
  const request = {
    searchId: run.searchId,
    stage: 'select',
    objective: quantised.objective,
    count: best.length,
  } as const;
  const gains = await storeActivities(best.length).gains(request);
  const gaining = best.map((_, i) => i).filter((i) => gains[i] !== null && gains[i]! > 0);
  const pool = gaining.length > 0 ? gaining : best.map((_, i) => i);
  const repair = (i: number): number => scores[i + 1] ?? -Infinity;
  return best[pool.reduce((winner, i) => (repair(i) > repair(winner) ? i : winner))]!;
}
