/** A store on a real SQLite file with searches, and trials to ask and record. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { openStore, type Store } from '../../db/open-store.js';
import { askTrials, recordTrials } from '../../db/trials.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { plainOpening } from '../../contract/opening.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { encodeFloats } from '../../contract/float-text.js';
import type {
  AskRequest,
  BatchReference,
  OpenRequest,
  OpenTrial,
  RecordRequest,
  ScoredTrial,
  Stage,
  TrialScore,
} from '../../contract/payloads.js';
import { objectiveAt } from '../../contract/settled-k.js';
import { parseSearchSpec } from '../../contract/validate.js';

export const NAMES = ['cosine', 'clip-iqa.quality'];
export const ROOT = join(import.meta.dirname, '..', '..');

export let folder: string;
export let path: string;
export let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-store-'));
  path = join(folder, 'qsched.db');
  store = openStore(path);
});
afterEach(() => {
  store.$client.close();
  rmSync(folder, { recursive: true, force: true });
});

export interface Making {
  readonly prompts?: number;
  readonly seeds?: number[];
  readonly confirm?: number;
  readonly optimizer?: Record<string, unknown>;
  readonly contextOf?: (precision: string, scorer: string) => string;
  readonly control?: boolean;
  readonly rest?: Record<string, unknown>;
}

export const contextName = (precision: string, scorer: string) => `context-${precision}-${scorer}`;

/** A search with `prompts` calibration prompts; its contexts are named after precision and scorer. */
export function makeSearch(searchId: string, making: Making = {}): OpenRequest {
  const {
    prompts = 3,
    seeds = [0, 1],
    confirm = 2,
    optimizer = {},
    contextOf = contextName,
    control = false,
    rest = {},
  } = making;
  const texts = (split: string, count: number) => Array.from({ length: count }, (_, i) => `${split} prompt ${i}`);
  const all = {
    calibration: texts('calibration', prompts),
    select: texts('select', 2),
    confirm: texts('confirm', confirm),
  };
  const spec = parseSearchSpec({
    model: 'm',
    prompts: { texts: all.calibration, seeds },
    select: { texts: all.select },
    confirm: { texts: all.confirm },
    optimizer,
    control: control ? 'evaluate' : 'none',
    ...rest,
  });
  const split = (stage: Stage, own: number[]) => ({
    set: null,
    texts: all[stage],
    count: all[stage].length,
    sha256: '',
    nounsSha256: null,
    seeds: own,
  });
  const contexts = [spec.precision, ...(control ? ['fp32'] : [])].flatMap((precision) =>
    ['objective', 'second'].map((scorer) => ({
      id: contextOf(precision, scorer),
      model: 'm',
      precision,
      scorer,
      provenance: { note: 'test' },
    })),
  );
  return {
    searchId,
    spec,
    opening: plainOpening(spec.optimizer.budget),
    objective: planObjective(objectiveAt(spec.objective, undefined)),
    contexts,
    texts: all,
    nouns: null,
    splits: {
      calibration: split('calibration', seeds),
      select: split('select', spec.select.seeds),
      confirm: split('confirm', spec.confirm.seeds),
    },
  };
}

export const steps = (sample: number, noise = 1): Coefficients => ({ sample: [sample, sample], noise: [noise, noise] });

export function reference(request: OpenRequest, stage: BatchReference['stage'] = 'calibration'): BatchReference {
  const split = stage === 'control' ? 'confirm' : stage;
  const precision = stage === 'control' ? 'fp32' : request.spec.precision;
  const roles = stage === 'calibration' || stage === 'select' ? ['objective'] : ['objective', 'second'];
  const contexts = Object.fromEntries(
    roles.map((role) => [role, request.contexts.find((c) => c.precision === precision && c.scorer === role)!.id]),
  );
  return {
    searchId: request.searchId,
    stage,
    contexts,
    split,
    seeds: request.splits[split].seeds,
    objective: request.objective,
  };
}

export const ask = (
  batch: BatchReference,
  candidates: readonly Coefficients[],
  first = 1,
  retryFailed = false,
): AskRequest => ({
  ...batch,
  retryFailed,
  trials: candidates.map((coefficients, i) => ({ index: first + i, point: [i], coefficients })),
});

export type TermsOf = (evaluation: number, scorer: string) => readonly number[];
export const constant: TermsOf = () => [0.2, 0.5];

/** Records answers that name the terms of this store's scorers. */
export const recordScored = (request: Omit<RecordRequest, 'names'>): TrialScore[] =>
  recordTrials(store, {
    ...request,
    names: Object.fromEntries(Object.keys(request.contexts).map((scorer) => [scorer, NAMES])),
  });

/** The answer of a worker for an open trial of `batch`. */
export function scored(
  batch: BatchReference,
  trial: OpenTrial,
  all: number,
  termsOf: TermsOf = constant,
  failed: ScoredTrial['failed'] = [],
): ScoredTrial {
  const evaluations = trial.missing ?? Array.from({ length: all }, (_, i) => i);
  return {
    index: trial.index,
    coefficients: trial.coefficients,
    evaluations,
    failed,
    scorers: Object.keys(batch.contexts).map((scorer) => ({
      scorer,
      values: encodeFloats(Float64Array.from(evaluations.flatMap((e) => [...termsOf(e, scorer)]))),
    })),
  };
}

export const sql = <T>(query: string, ...values: unknown[]): T[] => store.$client.prepare(query).all(...values) as T[];
export const one = <T>(query: string): T => store.$client.prepare(query).pluck().get() as T;
/** Everything but times. */
export const dump = () => ({
  trials: sql(
    'select search_id, stage, number, candidate_id, point, status, score, tc, iq from trials order by 1, 2, 3',
  ),
  evaluations: sql('select key, status, reason, terms, search_id from evaluations order by key'),
});

/** Scores all candidates of a stage. @returns the number of new evaluations */
export function run(
  request: OpenRequest,
  stage: BatchReference['stage'],
  candidates: readonly Coefficients[],
  first: number,
  termsOf: TermsOf = constant,
): number {
  const batch = reference(request, stage);
  const all = request.texts[batch.split].length * batch.seeds.length;
  const { open } = askTrials(store, ask(batch, candidates, first));
  recordScored({ ...batch, trials: open.map((trial) => scored(batch, trial, all, termsOf)) });
  return open.reduce((sum, trial) => sum + (trial.missing?.length ?? all), 0);
}
