/**
 * What a finished search says about its finalist: the gain on its own calibration pictures, and the
 * prompts that it must not be confirmed on.
 */
import { and, eq, inArray } from 'drizzle-orm';
import type { Coefficients } from '../spec/coefficients.js';
import { candidateId } from './keys.js';
import type { Store } from './open-store.js';
import { prompts, searchPrompts, trials } from './schema.js';

/** Score of a candidate above the identity on the calibration pictures; null where one of them has none. */
export function calibrationGain(store: Store, searchId: string, coefficients: Coefficients): number | null {
  const calibrated = and(eq(trials.searchId, searchId), eq(trials.stage, 'calibration'));
  const scoreOf = (condition: ReturnType<typeof and>): number | null => store.select({ score: trials.score }).from(trials).where(and(calibrated, condition)).get()?.score ?? null;
  const [own, identity] = [scoreOf(eq(trials.candidateId, candidateId(coefficients))), scoreOf(eq(trials.number, 0))];
  return own === null || identity === null ? null : own - identity;
}

/** Texts of the prompts that a search chose its finalist by. */
export function seenPrompts(store: Store, searchId: string): Set<string> {
  const rows = store.select({ text: prompts.text }).from(searchPrompts).innerJoin(prompts, eq(prompts.id, searchPrompts.promptId))
    .where(and(eq(searchPrompts.searchId, searchId), inArray(searchPrompts.split, ['calibration', 'select']))).all();
  return new Set(rows.map(({ text }) => text));
}
