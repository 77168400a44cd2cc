/**
 * The optimizer for those who do not choose one: a Gaussian process as long as its model pays, then CMA-ES started from
 * the points told (docs/optimizers.md has the measurements).
 *
 * What is chosen follows from dimension, budget of the opening and batch, is stored with the state, and does not change
 * when the budget grows.
 */
import { damaged, type Algorithm, type OwnState, type Stored } from './ask-tell.js';
import { defaultPopulation } from './cma-constants.js';
import { cmaEs } from './cma-es.js';
import { MIN_WARM_POINTS } from './cma-warm-start.js';
import { gp } from './gp.js';
import type { JsonValue, SearchSpace } from './optimizer.js';
import type { FilledOptions } from './options.js';
import { SOBOL_DIMENSIONS } from './sobol.js';

const { ceil, min } = Math;
const NAME = 'auto';
/** The most dimensions that the model's first points are made for; in 24, it still is better than CMA-ES at every budget. */
const MODEL_DIMENSIONS = SOBOL_DIMENSIONS;
/** Budgets up to this one are spent on the model alone. */
const MODEL_BUDGET = 256;
/** Points of the model before CMA-ES takes over in larger ones: as many as a model is made of. */
const MODEL_POINTS = 192;
/** Width that the warm start adds: the model has come nearer to the optimum than the points of a coarse search do. */
const ALPHA = 0.03;

/** What was chosen when the search was opened. */
export interface AutoPlan {
  /** Points that the Gaussian process asks for; null for all of them, 0 for none. */
  readonly modelPoints: number | null;
  /** Population of CMA-ES after them: whole batches. */
  readonly population: number;
}

/**
 * Which optimizer asks for how many points.
 *
 * @param budget that of the opening
 */
export function autoPlan(dimension: number, budget: number, batch: number): AutoPlan {
  const population = batch * ceil(defaultPopulation(dimension) / batch);
  if (dimension > MODEL_DIMENSIONS) return { modelPoints: 0, population };
  const whole = batch * ceil(MODEL_POINTS / batch);
  return { modelPoints: budget <= MODEL_BUDGET || whole >= budget ? null : whole, population };
}

type Stage = 'gp' | 'cma-es';

/** @throws QschedError (failure) for a damaged state */
export function auto(options: FilledOptions, stored: Stored | null): Algorithm {
  const { modelPoints, population } =
    stored === null ? autoPlan(options.space.lower.length, options.openedBudget, options.batch) : readPlan(stored.own);
  const memory = stored === null ? null : readStage(stored, options.space.lower.length);
  let stage: Stage = memory?.stage ?? (modelPoints === 0 ? 'cma-es' : 'gp');
  let space = memory?.space ?? options.space;
  let inner = stage === 'gp' ? gp(options, memory?.of ?? null) : cma(options, memory?.of ?? null);

  function cma(own: FilledOptions, of: Stored | null): Algorithm {
    return cmaEs({ ...own, space, batch: population, restarts: 'ipop', noise: null }, of, undefined, ALPHA);
  }

  /** CMA-ES from the points that the model was told, in the box as it was then. */
  function takeOver(): void {
    const known = inner.told?.() ?? [];
    const best = known.reduce((one, other) => (other.score > one.score ? other : one), {
      point: options.start,
      score: Number.NEGATIVE_INFINITY,
    });
    space = inner.space?.() ?? space;
    stage = 'cma-es';
    inner = cma({ ...options, start: best.point, warmStart: known.length < MIN_WARM_POINTS ? [] : known }, null);
  }

  return {
    left(asked) {
      const most = inner.left(asked);
      return stage === 'gp' && modelPoints !== null ? min(most, modelPoints - asked) : most;
    },
    propose: (asked, count) => inner.propose(asked, count),
    absorb(asked, points, scores, shares) {
      inner.absorb(asked, points, scores, shares);
      if (stage === 'gp' && asked + points.length === modelPoints) takeOver();
    },
    stopReason: (asked) => inner.stopReason(asked),
    space: () => inner.space?.() ?? space,
    own: () => ({
      modelPoints,
      population,
      stage,
      ...(stage === 'gp' ? {} : { lower: [...space.lower], upper: [...space.upper] }),
      of: inner.own(),
    }),
  };
}

function readPlan({ modelPoints, population }: OwnState): AutoPlan {
  const whole = (value: JsonValue | undefined): value is number => Number.isSafeInteger(value);
  if (modelPoints !== null && !whole(modelPoints)) throw damaged(NAME, 'modelPoints is not a whole number');
  if (!whole(population)) throw damaged(NAME, 'population is not a whole number');
  return { modelPoints, population };
}

interface Memory {
  readonly stage: Stage;
  /** The box of CMA-ES; null while the model asks. */
  readonly space: SearchSpace | null;
  readonly of: Stored;
}

function readStage({ own: { stage, of, lower, upper }, asked }: Stored, dimension: number): Memory {
  if (stage !== 'gp' && stage !== 'cma-es') throw damaged(NAME, 'its stage is unknown');
  if (!isGroup(of)) throw damaged(NAME, `it has no state of ${stage}`);
  const inner = { own: of, asked };
  if (stage === 'gp') return { stage, of: inner, space: null };
  if (!isNumbers(lower, dimension) || !isNumbers(upper, dimension)) throw damaged(NAME, 'its box is not a box');
  return { stage, of: inner, space: { lower, upper } };
}

const isGroup = (value: JsonValue | undefined): value is OwnState =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNumbers = (value: JsonValue | undefined, count: number): value is readonly number[] =>
  Array.isArray(value) && value.length === count && value.every((x) => typeof x === 'number');
