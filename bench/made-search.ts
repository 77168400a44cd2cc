/**
 * A whole search in a store without a model: trials of every stage with their terms, work, images and verdict, all of it
 * made from a seed. For benchmarks and tests of what reads a search.
 */
import type { Coefficients } from '../contract/coefficients.js';
import { encodeFloats } from '../contract/float-text.js';
import { plainOpening } from '../contract/opening.js';
import type { BatchReference, Stage } from '../contract/payloads.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { objectiveAt } from '../contract/settled-k.js';
import { parseSearchSpec } from '../contract/validate.js';
import { finishSearch } from '../db/finish.js';
import { judge } from '../db/judge.js';
import type { Store } from '../db/open-store.js';
import { openSearch } from '../db/searches.js';
import { askTrials, recordTrials } from '../db/trials.js';
import { coefficientSpace } from '../diffusion/coefficients.js';
import { planObjective } from '../metrics/objectives/plan-objective.js';
import { createGenerator } from '../optimizers/rng.js';
import { FULL, keepImage, termsOf, type KeptImages } from './made-image.js';

/** What is made; the rest is as small as it may be. */
export interface MadeSearch {
  readonly id: string;
  /** Candidates besides the baseline. */
  readonly trials: number;
  /** Calibration prompts, with two seeds each. */
  readonly prompts: number;
  readonly heldOut: number | readonly string[];
  /** The artefact folder and the side of the images in it; null: none are kept. */
  readonly images: KeptImages | null;
  readonly spec?: Record<string, unknown>;
  /** How far it has come; `finished` by default. */
  readonly until?: 'calibration' | 'finished';
}

const NAMES = ['cosine', 'clip-iqa.quality'];

/** Opens a search, scores it and finishes it. @returns its spec */
export function makeSearch(store: Store, made: MadeSearch): SearchSpec {
  const { id, trials, prompts, heldOut, until = 'finished' } = made;
  const texts = {
    calibration: numbered('calibration prompt', prompts),
    select: numbered('selection prompt', 4),
    confirm: typeof heldOut === 'number' ? numbered('held-out prompt', heldOut) : heldOut,
  };
  const spec = parseSearchSpec({
    model: 'shapes',
    optimizer: { type: 'random', budget: trials },
    racing: 'off',
    control: 'evaluate',
    ...made.spec,
    prompts: { texts: texts.calibration, seeds: [0, 1] },
    select: { texts: texts.select },
    confirm: { texts: texts.confirm },
  });
  const objective = planObjective(objectiveAt(spec.objective, undefined));
  const steps = Array.from({ length: spec.scheduler.steps }, (_, i) => ({
    timestep: 999 - Math.floor((1000 * i) / spec.scheduler.steps),
    inputScale: 1,
    a: 1.5,
    b: -0.5,
    d: 0,
    n: 0,
  }));
  const schedule = { scheduler: spec.scheduler.type, initNoiseSigma: 1, steps };
  const contexts = [spec.precision, FULL].flatMap((precision) =>
    ['objective', 'second'].map((role) => ({
      id: `${id}-${precision}-${role}`,
      model: spec.model,
      precision,
      scorer: role,
      provenance: {
        files: { [`unet/model_${precision}.onnx`]: 'a'.repeat(64) },
        precision,
        schedule,
        scorer: { name: `made-${role}`, version: 'clip-2', files: { 'vision_model.onnx': 'b'.repeat(64) } },
        numeric: { provider: 'cpu', onnxruntime: '1.30.0', instructions: 'avx2', batch: 20 },
      },
    })),
  );
  const contextOf = (precision: string, role: string): string => `${id}-${precision}-${role}`;
  const split = (stage: Stage, seeds: readonly number[]) => ({
    set: null,
    texts: texts[stage],
    count: texts[stage].length,
    sha256: '',
    nounsSha256: null,
    seeds,
  });
  openSearch(store, {
    searchId: id,
    spec,
    opening: plainOpening(spec.optimizer.budget),
    objective,
    contexts,
    texts,
    nouns: null,
    splits: {
      calibration: split('calibration', spec.prompts.seeds),
      select: split('select', spec.select.seeds),
      confirm: split('confirm', spec.confirm.seeds),
    },
  });
  const space = coefficientSpace({ ...spec.coefficients, steps: spec.scheduler.steps });
  const { uniform } = createGenerator(1);
  const points = Array.from({ length: trials }, (_, n) =>
    space.lower.map((low, i) => low + (space.upper[i]! - low) * uniform(n, i, 0)),
  );
  const candidates = [space.identity(), ...points.map((point) => space.toCoefficients(point))];

  /** Scores candidates of a stage. @returns their scores */
  function score(stage: BatchReference['stage'], wanted: readonly Coefficients[], roles: readonly string[], first = 0) {
    const own = stage === 'control' ? 'confirm' : stage;
    const seeds = { calibration: spec.prompts, select: spec.select, confirm: spec.confirm }[own].seeds;
    const precision = stage === 'control' ? FULL : spec.precision;
    const batch: BatchReference = {
      searchId: id,
      stage,
      contexts: Object.fromEntries(roles.map((role) => [role, contextOf(precision, role)])),
      split: own,
      seeds,
      objective,
    };
    const count = texts[own].length * seeds.length;
    const evaluations = Array.from({ length: count }, (_, i) => i);
    const asked = wanted.map((coefficients, i) => ({
      index: first + i,
      coefficients,
      point: stage === 'calibration' ? (points[first + i - 1] ?? []) : [],
    }));
    askTrials(store, { ...batch, retryFailed: false, trials: asked });
    const keeps = made.images !== null && (stage === 'confirm' || stage === 'control');
    return recordTrials(store, {
      ...batch,
      names: Object.fromEntries(roles.map((role) => [role, NAMES])),
      trials: asked.map(({ index, coefficients }) => ({
        index,
        coefficients,
        evaluations,
        failed: [],
        scorers: roles.map((scorer) => ({
          scorer,
          values: encodeFloats(Float64Array.from(evaluations.flatMap((e) => termsOf(coefficients, e, precision)))),
        })),
        work: {
          worker: `${1 + (index % 4)}@host`,
          seconds: 0.02 * count,
          runtimeSeconds: 0.018 * count,
          denoiserRows: count * steps.length,
          paddedRows: 1.1 * count * steps.length,
        },
        ...(keeps ? { images: evaluations.map((e) => keepImage(made.images!, `${precision} ${index} ${e}`)) } : {}),
      })),
    });
  }

  const calibration = [];
  for (let from = 0; from < candidates.length; from += 50) {
    calibration.push(...score('calibration', candidates.slice(from, from + 50), ['objective'], from));
  }
  if (until === 'calibration') return spec;
  const ranked = calibration.slice(1).toSorted((a, b) => b.score! - a.score!);
  const [best] = ranked as [(typeof ranked)[number]];
  const finalist = candidates[best.index]!;
  score(
    'select',
    ranked.slice(0, 5).map(({ index }) => candidates[index]!),
    ['objective'],
    1,
  );
  score('confirm', [space.identity(), finalist], ['objective', 'second']);
  score('control', [space.identity(), finalist], ['objective', 'second']);
  const judged = {
    contexts: { objective: contextOf(spec.precision, 'objective'), second: contextOf(spec.precision, 'second') },
    full: { objective: contextOf(FULL, 'objective'), second: contextOf(FULL, 'second') },
    seeds: spec.confirm.seeds,
    objectives: ['objective', 'second'].map((scorer) => ({
      scorer,
      plan: planObjective({ ...objectiveAt(spec.objective, undefined), scorer }),
    })),
  };
  const verdict = judge(store, { ...judged, searchId: id });
  const [held] = verdict.scorers as [(typeof verdict.scorers)[number]];
  finishSearch(store, {
    judged,
    result: {
      searchId: id,
      status: 'finished',
      model: spec.model,
      precision: spec.precision,
      steps: spec.scheduler.steps,
      optimizer: spec.optimizer.type,
      trials,
      failed: 0,
      raced: 0,
      best: { trial: best.index, coefficients: finalist, score: best.score! },
      identity: { trial: 0, coefficients: space.identity(), score: calibration[0]!.score! },
      finalist,
      notes: [],
      heldOut: {
        prompts: held.prompts,
        gain: held.gain,
        low: held.low,
        high: held.high,
        recommend: verdict.recommend,
        reason: verdict.reason,
        scorers: verdict.scorers,
        calibrationGain: verdict.calibrationGain,
        optimism: verdict.calibrationGain === null ? null : verdict.calibrationGain - held.gain,
      },
      control: { precision: FULL, heldOut: { objective: 1 }, repair: verdict.split, search: null },
    },
  });
  return spec;
}

const numbered = (what: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${what} ${i}`);
