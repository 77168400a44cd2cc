/**
 * The Pareto front of two stored scores over the calibration trials of a search.
 */
import type { Coefficients } from '../contract/coefficients.js';
import { QschedError } from '../contract/errors.js';
import type { ObjectiveChoice, SearchSpec } from '../contract/search-spec.js';
import { frontOf, type ScorePair } from '../metrics/objectives/pareto.js';
import { upperEnvelope, type EnvelopePart, type Line } from '../metrics/objectives/ranking.js';
import { kWeighs } from '../metrics/objectives/registry.js';
import type { Direction } from '../metrics/scores/score-table.js';
import { pairedGain } from '../metrics/statistics/paired-gain.js';
import { keepingTrials, type AtLeast } from './constraints.js';
import { splitPrompts } from './evaluations.js';
import type { Store } from './open-store.js';
import { settledObjective } from './settle-k.js';
import { storedScore, type StoredScore } from './stored-scores.js';
import { bestOf, calibrationOf, comparable, type Calibration, type StoredTrial } from './stored-terms.js';

/** A mean gain over the baseline, positive if better; without an interval where there are fewer than two prompts. */
export interface FrontGain {
  readonly gain: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** A candidate of the front; trial 0 is the baseline. */
export interface FrontPoint {
  readonly trial: number;
  readonly coefficients: Coefficients;
  /** (prompt, seed) pairs that its values are estimated from: it was raced out; null if they are of all. */
  readonly pairs: number | null;
  /** Of both scores, as they are. */
  readonly values: readonly [number, number];
  readonly gains: readonly [FrontGain, FrontGain];
  /** Weights of the second score at which it has the highest sum; null if there are none, `to` is null for "and above". */
  readonly wins: { readonly from: number; readonly to: number | null } | null;
  /** Whether the search's own objective puts it first. */
  readonly chosen: boolean;
}

/** A front, and what it was chosen from. */
export interface Front {
  readonly scores: readonly [ScoreHead, ScoreHead];
  /** Of both scores; null while it is not scored. */
  readonly baseline: { readonly values: readonly [number, number] } | null;
  /** From the best first score to the best second one. */
  readonly front: readonly FrontPoint[];
  /** Candidates that were compared, the baseline included. */
  readonly compared: number;
  /** Scored candidates that a constraint excludes. */
  readonly excluded: number;
  /** (prompt, seed) pairs of a whole score. */
  readonly allPairs: number;
  /** Numbers of the trials that are compared by estimates: raced out on part of the prompts. */
  readonly raced: readonly number[];
  /** Numbers of the trials that were left out: failed, without a score so far. */
  readonly failed: readonly number[];
  readonly open: readonly number[];
}

/** A score and which direction is better. */
export interface ScoreHead {
  readonly name: string;
  readonly direction: Direction;
}

/** A score as it was asked for. */
export interface AskedScore {
  readonly name: string;
  readonly direction?: Direction | undefined;
}

/** Which front. */
export interface FrontRequest {
  readonly scores: readonly [AskedScore, AskedScore];
  readonly atLeast: AtLeast;
}

/** @throws QschedError (usage) for a score that is not stored, or whose direction is open or wrong, (failure) without a scored candidate */
export function paretoOf(
  store: Store,
  search: { readonly id: string; readonly status: string; readonly spec: SearchSpec },
  { scores, atLeast }: FrontRequest,
): Front {
  const { id, status } = search;
  const calibration = calibrationOf(store, search);
  const objective = settledObjective(store, search);
  const numbers = (wanted: string): number[] =>
    calibration.trials.filter((one) => one.status === wanted).map(({ trial }) => trial);
  const scored = comparable(calibration);
  if (!scored.some(({ trial }) => trial > 0)) {
    throw new QschedError(
      'failure',
      `The search "${id}" is ${status} and has no scored candidate.`,
      `Resume it: npx qsched resume ${id}`,
    );
  }
  const pair = [directed(calibration, objective, scores[0]), directed(calibration, objective, scores[1])] as const;
  const kept = keepingTrials(calibration, objective, atLeast, '--at-least');
  // In the order in which they were asked, the baseline first: it wins among equal candidates, as in a search.
  const all = scored.filter((one) => kept.has(one.trial) && pair.every(({ of }) => !Number.isNaN(of(one))));
  const oriented = all.map((trial): ScorePair => [pair[0].of(trial), pair[1].of(trial)]);
  const own = pair[0].name === 'text' && pair[1].name === 'quality';
  const parts = upperEnvelope(oriented.map((values) => line(values, own && kWeighs(objective.type) === 'text')));
  const best = own ? bestOf(all) : undefined;
  const baseline = scored.find(({ trial }) => trial === 0);
  return {
    scores: [headOf(pair[0]), headOf(pair[1])],
    baseline: baseline === undefined ? null : { values: [asIs(pair[0], baseline), asIs(pair[1], baseline)] },
    front: frontOf(oriented).map((i) => {
      const trial = all[i]!;
      return {
        trial: trial.trial,
        coefficients: trial.coefficients,
        pairs: trial.pairs,
        values: [asIs(pair[0], trial), asIs(pair[1], trial)],
        gains: [gainOf(pair[0], calibration, baseline, trial), gainOf(pair[1], calibration, baseline, trial)],
        wins: winsOf(parts, i),
        chosen: trial === best,
      };
    }),
    compared: all.length,
    allPairs: splitPrompts(store, id, 'calibration').length * calibration.seeds,
    excluded: scored.length - all.length,
    raced: numbers('raced'),
    failed: numbers('failed'),
    open: numbers('asked'),
  };
}

const headOf = ({ name, direction }: StoredScore): ScoreHead => ({ name, direction });

/** A value as it is, not oriented. */
const asIs = ({ direction, of }: StoredScore, trial: StoredTrial): number =>
  direction === 'lower' ? -of(trial) : of(trial);

/** The weighted sum of both scores as a function of the weight, which multiplies the second or, as k of a text term, the first. */
const line = ([first, second]: ScorePair, weighsFirst: boolean): Line =>
  weighsFirst ? { intercept: second, slope: first } : { intercept: first, slope: second };

function winsOf(parts: readonly EnvelopePart[], i: number): FrontPoint['wins'] {
  const part = parts.find(({ index }) => index === i);
  return part === undefined ? null : { from: part.from, to: part.to === Infinity ? null : part.to };
}

/** @throws QschedError (usage) for a score whose better direction is not known, or was given wrongly */
function directed(calibration: Calibration, objective: ObjectiveChoice, { name, direction }: AskedScore): StoredScore {
  const found = storedScore(calibration, objective, { field: '--scores', name, direction });
  if (found.direction === 'either') {
    throw new QschedError(
      'usage',
      `--scores: neither direction of ${name} is better by itself.`,
      `Add the one that you mean: ${name}:higher or ${name}:lower`,
    );
  }
  if (direction !== undefined && direction !== found.direction) {
    throw new QschedError(
      'usage',
      `--scores names ${name}:${direction}, but a ${found.direction} ${name} is better.`,
      `Write ${name} alone.`,
    );
  }
  return found;
}

/** The mean gain over the baseline with its interval, paired by prompt and seed. */
function gainOf(
  { name, of, images }: StoredScore,
  { seeds }: Calibration,
  baseline: StoredTrial | undefined,
  trial: StoredTrial,
): FrontGain {
  if (baseline === undefined) return { gain: null, low: null, high: null };
  const [before, after] = [images(baseline), images(trial)];
  if (before === null || after === null || before.length < 2 * seeds) {
    return { gain: of(trial) - of(baseline), low: null, high: null };
  }
  const clusters = (list: readonly number[]): number[][] =>
    Array.from({ length: list.length / seeds }, (_, p) => list.slice(p * seeds, (p + 1) * seeds));
  const { gain, low, high } = pairedGain(name, clusters(before), clusters(after)).gain;
  return { gain, low, high };
}
