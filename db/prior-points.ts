/**
 * The scored points of an earlier search, as another search starts from them: gains over its own baseline, so that the
 * two searches' levels need not agree, by the weights of the search that starts.
 */
import { and, asc, eq, inArray, isNotNull } from 'drizzle-orm';
import { scoreOfTerms } from '../metrics/objectives/jaq.js';
import type { ObjectivePlan } from '../contract/objective-plan.js';
import type { PriorPoint } from '../contract/opening.js';
import type { Store } from './open-store.js';
import { partialGains } from './partial-gain.js';
import { trials } from './schema.js';

/** Points of a prior at most: more tell a smooth surface nothing new, and cost time at every ask. */
const MAX_POINTS = 256;
/** Numbers of all its points: they travel with every question to the optimizer. */
const MAX_NUMBERS = 2048;
/** Of a longer search, as many of its candidates are looked at, evenly. */
const MAX_LOOKED_AT = 4096;

/** A gain, and whether it was measured on all pairs. */
interface Scored extends PriorPoint {
  readonly whole: boolean;
  readonly candidate: string;
}

/**
 * The finalist first, which other prompts chose among the best (where the baseline is, the best), then the others in the order in which they were asked. Of more than 256 (above 8 dimensions fewer:
 * 2,048 numbers in all), the best half and those that lie farthest from all others. Candidates that a race dropped count
 * with the gain that they had then; failed ones are left out. The baseline is the point of ones, with gain 0.
 *
 * @param plan the objective of the search that starts: with other weights than the earlier one's, gains are computed from
 *   the stored terms
 * @param dimension numbers of a point; points of another length are left out
 * @returns nothing if the baseline or every candidate is without a score
 */
export function priorPoints(store: Store, searchId: string, plan: ObjectivePlan, dimension: number): PriorPoint[] {
  const [baseline, ...asked] = scoredTrials(store, searchId);
  if (baseline?.number !== 0 || baseline.score === null) return [];
  const gainOf = gains(store, searchId, plan, baseline);
  const scored = evenly(asked, MAX_LOOKED_AT).flatMap((trial): Scored[] => {
    const point = JSON.parse(trial.point) as number[];
    const score = gainOf(trial);
    return point.length === dimension && Number.isFinite(score)
      ? [{ point, score, whole: trial.status === 'ok', candidate: trial.candidateId }]
      : [];
  });
  const finalist = finalistOf(store, searchId);
  const best = scored.find(({ candidate, whole }) => whole && candidate === finalist) ?? bestOf(scored);
  if (best === undefined) return [];
  const ones: Scored = { point: best.point.map(() => 1), score: 0, whole: true, candidate: baseline.candidateId };
  const most = Math.min(MAX_POINTS, Math.floor(MAX_NUMBERS / dimension));
  const others = once([best, ones, ...scored]).slice(1);
  return [best, ...spread(others, most - 1)].map(({ point, score }) => ({ point, score }));
}

/** The candidate that was confirmed. */
const finalistOf = (store: Store, searchId: string): string | undefined =>
  store
    .select({ candidate: trials.candidateId })
    .from(trials)
    .where(and(eq(trials.searchId, searchId), eq(trials.stage, 'confirm'), eq(trials.number, 1)))
    .get()?.candidate;

type Trial = Pick<typeof trials.$inferSelect, 'number' | 'candidateId' | 'point' | 'status' | 'score' | 'tc' | 'iq'>;

/** In the order in which they were asked, the baseline first. */
const scoredTrials = (store: Store, searchId: string): Trial[] =>
  store
    .select({
      number: trials.number,
      candidateId: trials.candidateId,
      point: trials.point,
      status: trials.status,
      score: trials.score,
      tc: trials.tc,
      iq: trials.iq,
    })
    .from(trials)
    .where(
      and(
        eq(trials.searchId, searchId),
        eq(trials.stage, 'calibration'),
        inArray(trials.status, ['ok', 'raced']),
        isNotNull(trials.score),
      ),
    )
    .orderBy(asc(trials.number))
    .all();

/** Gains over the baseline: of the scores themselves, if they have these weights. */
function gains(store: Store, searchId: string, plan: ObjectivePlan, baseline: Trial): (trial: Trial) => number {
  const zero = scoreOfTerms(plan, baseline);
  if (zero === baseline.score) return ({ score }) => score! - zero;
  const partial = partialGains(store, searchId, baseline.candidateId, plan);
  return (trial) => (trial.status === 'ok' ? scoreOfTerms(plan, trial) - zero : partial(trial.candidateId));
}

/** The highest gain on all pairs; the earlier one of equals. */
const bestOf = (scored: readonly Scored[]): Scored | undefined =>
  scored
    .filter(({ whole }) => whole)
    .reduce<Scored | undefined>((best, one) => (best === undefined || one.score > best.score ? one : best), undefined);

/** Each point once, as it came first. */
function once(scored: readonly Scored[]): Scored[] {
  const seen = new Set<string>();
  return scored.filter(({ point }) => !seen.has(point.join()) && seen.add(point.join()));
}

const evenly = <T>(list: readonly T[], most: number): readonly T[] =>
  list.length <= most ? list : Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]!);

/** At most `most` of them: half are the best, the others each the farthest from those that were chosen before it. */
function spread(scored: readonly Scored[], most: number): readonly Scored[] {
  if (scored.length <= most) return scored;
  const ranked = scored.map((_, i) => i).sort((a, b) => scored[b]!.score - scored[a]!.score || a - b);
  const chosen = new Set(ranked.slice(0, Math.ceil(most / 2)));
  const gap = new Float64Array(scored.length).fill(Number.POSITIVE_INFINITY);
  const near = (to: number): void =>
    scored.forEach(({ point }, i) => {
      gap[i] = Math.min(gap[i]!, squared(point, scored[to]!.point));
    });
  for (const i of chosen) near(i);
  while (chosen.size < most) {
    const farthest = gap.reduce((best, distance, i) => (distance > gap[best]! ? i : best), 0);
    chosen.add(farthest);
    near(farthest);
  }
  return scored.filter((_, i) => chosen.has(i));
}

const squared = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
