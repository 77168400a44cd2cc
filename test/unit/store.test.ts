/** The store, on a real SQLite file: what is asked, what is recorded, what is counted, and what it refuses. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countEvaluations, finishSearch } from '../../db/finish.js';
import { judge } from '../../db/judge.js';
import { candidateId, evaluationKey, promptId } from '../../db/keys.js';
import { asStoreError, openStore, type Store } from '../../db/open-store.js';
import { closeSearch, findSearch, listSearches, openSearch } from '../../db/searches.js';
import { askTrials, recordTrials } from '../../db/trials.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import type { Coefficients } from '../../spec/coefficients.js';
import { QschedError } from '../../spec/errors.js';
import { encodeFloats } from '../../spec/float-text.js';
import type {
  AskRequest,
  BatchReference,
  FinishRequest,
  OpenRequest,
  OpenTrial,
  ScoredTrial,
  SearchResult,
  Stage,
} from '../../spec/payloads.js';
import { parseSearchSpec } from '../../spec/validate.js';

const NAMES = ['cosine', 'clip-iqa.quality'];
const ROOT = join(import.meta.dirname, '..', '..');

let folder: string;
let path: string;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-store-'));
  path = join(folder, 'qsched.db');
  store = openStore(path);
});
afterEach(() => {
  store.$client.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Making {
  readonly prompts?: number;
  readonly seeds?: number[];
  readonly confirm?: number;
  readonly optimizer?: Record<string, unknown>;
  readonly contextOf?: (precision: string, scorer: string) => string;
  readonly control?: boolean;
  readonly rest?: Record<string, unknown>;
}

const contextName = (precision: string, scorer: string) => `context-${precision}-${scorer}`;

/** A search with `prompts` calibration prompts; its contexts are named by precision and scorer. */
function makeSearch(searchId: string, making: Making = {}): OpenRequest {
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
    objective: planObjective(spec.objective),
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

const steps = (sample: number, noise = 1): Coefficients => ({ sample: [sample, sample], noise: [noise, noise] });

function reference(request: OpenRequest, stage: BatchReference['stage'] = 'calibration'): BatchReference {
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

const ask = (
  batch: BatchReference,
  candidates: readonly Coefficients[],
  first = 1,
  retryFailed = false,
): AskRequest => ({
  ...batch,
  retryFailed,
  trials: candidates.map((coefficients, i) => ({ index: first + i, point: [i], coefficients })),
});

type TermsOf = (evaluation: number, scorer: string) => readonly number[];
const constant: TermsOf = () => [0.2, 0.5];

/** What a worker would answer for an open trial of `batch`. */
function scored(
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
      names: NAMES,
      values: encodeFloats(Float64Array.from(evaluations.flatMap((e) => [...termsOf(e, scorer)]))),
    })),
  };
}

const sql = <T>(query: string, ...values: unknown[]): T[] => store.$client.prepare(query).all(...values) as T[];
const one = <T>(query: string): T => store.$client.prepare(query).pluck().get() as T;
/** Everything but times. */
const dump = () => ({
  trials: sql(
    'select search_id, stage, number, candidate_id, point, status, score, tc, iq from trials order by 1, 2, 3',
  ),
  evaluations: sql('select key, status, reason, terms, search_id from evaluations order by key'),
});

describe('keys', () => {
  test('are what they were when the first database was written', () => {
    expect(promptId('a red circle')).toBe('a1e4a280d27cad5b1aa05b230031f649a0ef0b265df51db178bcf44ccd129fd0');
    expect(candidateId({ sample: [0.9, 1], noise: [1.1, 1] })).toBe(
      '6e17b97eb77c2e42f1309b7b905dc03e6c770340b859acd1392dca0a36a4732f',
    );
    expect(evaluationKey('context', 'candidate', 'prompt', 7)).toBe(
      '89683340d6fb54b5c809e73a483ea1b380f8346ab593030f4a6a32a8247b77b2',
    );
  });

  test('depend on every bit of the coefficients, and on their places', () => {
    const ids = [
      steps(1),
      steps(1 + Number.EPSILON),
      { sample: [1, 1], noise: [1, 2] },
      { sample: [1, 1], noise: [2, 1] },
      { sample: [2, 1], noise: [1, 1] },
      { sample: [1], noise: [1, 1, 1] },
    ].map(candidateId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(candidateId(steps(-0))).toBe(candidateId(steps(0)));
  });

  test('depend on the text exactly', () => {
    expect(new Set(['a', 'A', 'a ', '\u00e5', 'a\u030a'].map((text) => promptId(text))).size).toBe(5);
  });
});

describe('migrations', () => {
  test('make every table and view, once', () => {
    const names = sql<{ name: string }>(
      "select name from sqlite_master where name not like 'sqlite_%' and name not like '\\_\\_%' escape '\\' order by name",
    ).map(({ name }) => name);
    expect(names).toEqual([
      'best_coefficients',
      'candidates',
      'contexts',
      'evaluations',
      'evaluations_by_candidate',
      'fits',
      'prompts',
      'runs',
      'schedule_origins',
      'schedule_origins_by_search',
      'schedules',
      'search_contexts',
      'search_progress',
      'search_prompts',
      'searches',
      'trial_history',
      'trials',
    ]);
    const applied = one<number>('select count(*) from __drizzle_migrations');
    openStore(path).$client.close();
    expect(one('select count(*) from __drizzle_migrations')).toBe(applied);
    expect(one('pragma journal_mode')).toBe('wal');
    expect(one('pragma foreign_keys')).toBe(1);
  });

  test('are all that the schema needs: the generator finds nothing to add', () => {
    const copy = join(folder, 'check');
    mkdirSync(copy);
    cpSync(join(ROOT, 'db'), join(copy, 'db'), { recursive: true });
    writeFileSync(
      join(copy, 'drizzle.config.json'),
      JSON.stringify({ dialect: 'sqlite', schema: join(ROOT, 'db', 'schema.ts'), out: './db/migrations' }),
    );
    const before = readdirSync(join(copy, 'db', 'migrations'));
    const output = execFileSync(
      process.execPath,
      [join(ROOT, 'node_modules', 'drizzle-kit', 'bin.cjs'), 'generate', '--config', 'drizzle.config.json'],
      { cwd: copy, encoding: 'utf8', env: { ...process.env, CI: 'true' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    expect(output).toContain('No schema changes');
    expect(readdirSync(join(copy, 'db', 'migrations'))).toEqual(before);
  });
});

describe('a search', () => {
  test('is opened once, however often it is asked for', () => {
    const request = makeSearch('s');
    openSearch(store, request);
    const before = sql('select * from search_prompts order by 1, 2, 3');
    openSearch(store, request);
    expect(sql('select * from search_prompts order by 1, 2, 3')).toEqual(before);
    expect(one('select count(*) from searches')).toBe(1);
    expect(one('select count(*) from contexts')).toBe(2);
    expect(findSearch(store, 's')?.spec).toEqual(request.spec);
    expect(findSearch(store, 'other')).toBeUndefined();
  });

  test('without trials takes over a new spec', () => {
    openSearch(store, makeSearch('s'));
    closeSearch(store, 's', { status: 'failed', message: 'no worker' });
    openSearch(
      store,
      makeSearch('s', { prompts: 2, optimizer: { type: 'random' }, rest: { scheduler: { steps: 2 } } }),
    );
    expect(sql('select status, message, steps, optimizer from searches')).toEqual([
      { status: 'running', message: null, steps: 2, optimizer: 'random' },
    ]);
    expect(one("select count(*) from search_prompts where split = 'calibration'")).toBe(2);
  });

  test('with trials refuses a spec, prompts or files that would not have given them', () => {
    const request = makeSearch('s', { optimizer: { budget: 50 } });
    openSearch(store, request);
    askTrials(store, ask(reference(request), [steps(0.9)]));
    const kept = dump();
    const reopen = (making: Making) => () =>
      openSearch(store, makeSearch('s', { optimizer: { budget: 50 }, ...making }));
    expect(reopen({ optimizer: { budget: 50, seed: 1 } })).toThrow(
      /"s" is in the database already, with other optimizer: .*"seed":0/,
    );
    expect(reopen({ optimizer: { budget: 50, type: 'random' } })).toThrow(/other optimizer/);
    expect(reopen({ optimizer: { budget: 49 } })).toThrow(/a larger budget: 50/);
    expect(reopen({ prompts: 2 })).toThrow(/other prompts/);
    expect(reopen({ seeds: [5] })).toThrow(/other prompts/);
    expect(reopen({ rest: { objective: { k: 3 } } })).toThrow(/other objective/);
    expect(reopen({ rest: { scheduler: { steps: 2 } } })).toThrow(/other scheduler/);
    expect(reopen({ contextOf: (precision, scorer) => `new-${precision}-${scorer}` })).toThrow(/other model files/);
    expect(() => openSearch(store, { ...request, texts: { ...request.texts, calibration: ['x', 'y', 'z'] } })).toThrow(
      /other calibration prompts/,
    );
    expect(dump()).toEqual(kept);
    expect(findSearch(store, 's')?.spec).toEqual(request.spec);
  });

  test('may grow, and may be confirmed on other prompts', () => {
    const request = makeSearch('s', { optimizer: { budget: 50 } });
    openSearch(store, request);
    askTrials(store, ask(reference(request), [steps(0.9)]));
    openSearch(
      store,
      makeSearch('s', { optimizer: { budget: 80 }, confirm: 5, rest: { retryFailed: true, waitForWorker: 5 } }),
    );
    expect(one("select count(*) from search_prompts where split = 'confirm'")).toBe(5);
    expect(findSearch(store, 's')?.spec.optimizer.budget).toBe(80);
  });

  test('is listed, the latest first, with how it ended', () => {
    openSearch(store, makeSearch('a'));
    store.$client.exec("update searches set created_at = '2020-01-01T00:00:00.000Z'");
    openSearch(store, makeSearch('b'));
    closeSearch(store, 'a', { status: 'cancelled', message: 'by hand' });
    expect(listSearches(store).map(({ id, status }) => [id, status])).toEqual([
      ['b', 'running'],
      ['a', 'cancelled'],
    ]);
  });
});

describe('a search that is opened again', () => {
  const finished = (gain: number): SearchResult =>
    ({ searchId: 's', finalist: steps(0.8), heldOut: { gain, recommend: 'calibrated' } }) as unknown as SearchResult;

  test('keeps its result until it has another', () => {
    openSearch(store, makeSearch('s'));
    closeSearch(store, 's', { status: 'finished', result: finished(0.1) });
    const [{ at }] = sql<{ at: string }>('select finished_at as at from searches') as [{ at: string }];
    openSearch(store, makeSearch('s'));
    expect(findSearch(store, 's')).toMatchObject({
      status: 'running',
      recommend: 'calibrated',
      result: finished(0.1),
      finishedAt: at,
    });
    closeSearch(store, 's', { status: 'failed', message: 'killed' });
    expect(findSearch(store, 's')).toMatchObject({
      status: 'failed',
      message: 'killed',
      recommend: 'calibrated',
      result: finished(0.1),
    });
    openSearch(store, makeSearch('s'));
    closeSearch(store, 's', { status: 'finished', result: finished(0.2) });
    expect(findSearch(store, 's')).toMatchObject({ status: 'finished', message: null, result: finished(0.2) });
  });

  test('has none where it had none', () => {
    openSearch(store, makeSearch('s'));
    closeSearch(store, 's', { status: 'failed', message: 'killed' });
    openSearch(store, makeSearch('s'));
    expect(findSearch(store, 's')).toMatchObject({ recommend: null, result: null, finishedAt: null });
  });
});

describe('ask and record', () => {
  let request: OpenRequest;
  let batch: BatchReference;
  beforeEach(() => {
    request = makeSearch('s');
    batch = reference(request);
    openSearch(store, request);
  });

  test('persists what is asked before anything is scored; asking again changes nothing', () => {
    const wanted = ask(batch, [steps(0.9), steps(1.1)]);
    const first = askTrials(store, wanted);
    expect(first).toEqual({
      scores: [null, null],
      open: [
        { index: 1, coefficients: steps(0.9), missing: null },
        { index: 2, coefficients: steps(1.1), missing: null },
      ],
      kept: [],
    });
    const kept = dump();
    expect(kept.trials).toMatchObject([
      { number: 1, status: 'asked', point: '[0]' },
      { number: 2, status: 'asked', point: '[1]' },
    ]);
    expect(askTrials(store, wanted)).toEqual(first);
    expect(dump()).toEqual(kept);
  });

  test('records scores with their terms; recording again changes nothing', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    const answer = scored(batch, open[0]!, 6, (e) => [0.1 + e / 100, 0.5]);
    const result = recordTrials(store, { ...batch, trials: [answer] });
    const tc = 2.5 * (0.1 + 15 / 600);
    expect(result).toEqual([
      { index: 1, complete: true, score: expect.closeTo(tc + 1, 12), tc: expect.closeTo(tc, 12), iq: 0.5 },
    ]);
    const kept = dump();
    expect(kept.evaluations).toHaveLength(6);
    expect(recordTrials(store, { ...batch, trials: [answer] })).toEqual(result);
    expect(recordTrials(store, { ...batch, trials: [scored(batch, open[0]!, 6, () => [0.9, 0.9])] })).toEqual(result);
    expect(dump()).toEqual(kept);
    expect(askTrials(store, ask(batch, [steps(0.9)]))).toEqual({ open: [], scores: [result[0]!.score], kept: [] });
    expect(dump()).toEqual(kept);
  });

  test('a chunk that arrived in part leaves only the missing pairs open', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    expect(recordTrials(store, { ...batch, trials: [scored(batch, { ...open[0]!, missing: [0, 3, 5] }, 6)] })).toEqual([
      { index: 1, complete: false, score: null, tc: null, iq: null },
    ]);
    const again = askTrials(store, ask(batch, [steps(0.9)]));
    expect(again).toEqual({
      scores: [null],
      open: [{ index: 1, coefficients: steps(0.9), missing: [1, 2, 4] }],
      kept: [],
    });
    const [done] = recordTrials(store, { ...batch, trials: [scored(batch, again.open[0]!, 6)] });
    expect(done!.score).toBeCloseTo(1.5, 12);
    expect(one('select count(*) from evaluations')).toBe(6);
  });

  test('every evaluation is under its own prompt and seed', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    recordTrials(store, { ...batch, trials: [scored(batch, open[0]!, 6, (e) => [e, 0])] });
    const rows = sql<{ text: string; seed: number; cosine: number }>(
      "select p.text as text, e.seed as seed, json_extract(e.terms, '$.cosine') as cosine from evaluations e join prompts p on p.id = e.prompt_id order by cosine",
    );
    expect(rows).toEqual(
      [0, 1, 2, 3, 4, 5].map((e) => ({ text: `calibration prompt ${Math.floor(e / 2)}`, seed: e % 2, cosine: e })),
    );
    for (const { text, seed, cosine } of rows) {
      const key = evaluationKey(batch.contexts['objective']!, candidateId(steps(0.9)), promptId(text), seed);
      expect(sql("select key from evaluations where json_extract(terms, '$.cosine') = ?", cosine)).toEqual([{ key }]);
    }
  });

  test('the stored candidate wins over what the optimizer says today where they differ by rounding', () => {
    askTrials(store, ask(batch, [steps(0.9)]));
    const { open, kept } = askTrials(store, ask(batch, [steps(0.9 + Number.EPSILON)]));
    expect(open[0]!.coefficients).toEqual(steps(0.9));
    expect(kept).toEqual([{ index: 1, coefficients: steps(0.9) }]);
  });

  test('a candidate of another place is not scored by what was stored under its number', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    recordTrials(store, { ...batch, trials: [scored(batch, open[0]!, 6)] });
    const again = askTrials(store, ask(batch, [steps(0.8)]));
    expect(again).toEqual({ open: [{ index: 1, coefficients: steps(0.8), missing: null }], scores: [null], kept: [] });
    expect(one('select count(*) from evaluations')).toBe(6);
    expect(askTrials(store, ask(batch, [steps(0.9)])).open).toEqual([]);
  });

  test('the nouns of a prompt make another prompt of it, where a scorer reads them', () => {
    expect(promptId('a red circle', ['circle'])).not.toBe(promptId('a red circle', []));
    expect(promptId('a red circle', null)).toBe(promptId('a red circle'));
    const nouns = { calibration: [['circle'], null, []], select: [null, null], confirm: [null, null] };
    openSearch(store, { ...request, searchId: 't', nouns });
    expect(
      sql(
        "select prompt_id as id from search_prompts where search_id = 't' and split = 'calibration' order by position",
      ).map((row) => (row as { id: string }).id),
    ).toEqual(request.texts.calibration.map((text, i) => promptId(text, nouns.calibration[i]!)));
  });

  test('coefficients come back bit for bit', () => {
    const odd: Coefficients = { sample: [1 / 3, 0.1 + 0.2], noise: [1.0000000000000002, 5e-324] };
    const { open } = askTrials(store, ask(batch, [odd]));
    expect(candidateId(open[0]!.coefficients)).toBe(candidateId(odd));
  });

  test('a finalist may change, what was searched may not', () => {
    const select = reference(request, 'select');
    askTrials(store, ask(select, [steps(0.9)]));
    recordTrials(store, {
      ...select,
      trials: [scored(select, { index: 1, coefficients: steps(0.9), missing: null }, 2)],
    });
    const { open } = askTrials(store, ask(select, [steps(0.8)]));
    expect(open[0]!.coefficients).toEqual(steps(0.8));
    expect(sql("select status, score from trials where stage = 'select'")).toEqual([{ status: 'asked', score: null }]);
  });

  test('one failed evaluation fails the trial, without a number', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9), steps(1.1)]));
    const results = recordTrials(store, {
      ...batch,
      trials: [
        scored(batch, open[0]!, 6, (e) => (e === 2 ? [NaN, NaN] : [0.2, 0.5]), [
          { at: 2, reason: 'the picture has 9 values that are not finite' },
        ]),
        scored(batch, open[1]!, 6),
      ],
    });
    expect(results.map(({ score }) => score)).toEqual([null, expect.closeTo(1.5, 12)]);
    expect(sql('select number, status, score, tc from trials order by number')).toMatchObject([
      { number: 1, status: 'failed', score: null, tc: null },
      { number: 2, status: 'ok' },
    ]);
    expect(sql("select reason, terms from evaluations where status = 'failed'")).toEqual([
      { reason: 'the picture has 9 values that are not finite', terms: null },
    ]);
    expect(askTrials(store, ask(batch, [steps(0.9), steps(1.1)])).open).toEqual([]);
  });

  test('what failed is tried again only when asked to, and then gives way to a number', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    recordTrials(store, { ...batch, trials: [scored(batch, open[0]!, 6, constant, [{ at: 4, reason: 'broken' }])] });
    expect(askTrials(store, ask(batch, [steps(0.9)])).open).toEqual([]);
    const again = askTrials(store, ask(batch, [steps(0.9)], 1, true));
    expect(again.open).toEqual([{ index: 1, coefficients: steps(0.9), missing: [4] }]);
    const [done] = recordTrials(store, { ...batch, trials: [scored(batch, again.open[0]!, 6)] });
    expect(done!.score).toBeCloseTo(1.5, 12);
    expect(sql('select status from trials')).toEqual([{ status: 'ok' }]);
  });

  test('a number that is not finite is a failure, whatever the worker says', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    const [result] = recordTrials(store, {
      ...batch,
      trials: [scored(batch, open[0]!, 6, (e) => [e === 1 ? Infinity : 0.2, 0.5])],
    });
    expect(result!.score).toBeNull();
    expect(sql("select reason from evaluations where status = 'failed'")).toEqual([{ reason: 'a term is not finite' }]);
  });

  test("one scorer's failure is not another's", () => {
    const confirm = reference(request, 'confirm');
    const { open } = askTrials(store, ask(confirm, [steps(0.9)], 0));
    recordTrials(store, {
      ...confirm,
      trials: [
        scored(confirm, open[0]!, 2, (e, scorer) => (scorer === 'second' && e === 0 ? [NaN, 0.5] : [0.2, 0.5]), [
          { at: 0, reason: 'second gave NaN', scorer: 'second' },
        ]),
      ],
    });
    expect(sql('select context_id, status, count(*) as n from evaluations group by 1, 2 order by 1, 2')).toEqual([
      { context_id: contextName('w4a8', 'objective'), status: 'ok', n: 2 },
      { context_id: contextName('w4a8', 'second'), status: 'failed', n: 1 },
      { context_id: contextName('w4a8', 'second'), status: 'ok', n: 1 },
    ]);
  });

  test('nothing of a batch is written when a part of it cannot be', () => {
    const kept = dump();
    const wanted = ask(batch, [steps(0.9), steps(1.1)]);
    expect(() => askTrials(store, { ...wanted, searchId: 'unknown' })).toThrow(/FOREIGN KEY/);
    expect(dump()).toEqual(kept);
  });
});

/** Runs candidates of a stage to the end. */
function run(
  request: OpenRequest,
  stage: BatchReference['stage'],
  candidates: readonly Coefficients[],
  first: number,
  termsOf: TermsOf = constant,
): number {
  const batch = reference(request, stage);
  const all = request.texts[batch.split].length * batch.seeds.length;
  const { open } = askTrials(store, ask(batch, candidates, first));
  recordTrials(store, { ...batch, trials: open.map((trial) => scored(batch, trial, all, termsOf)) });
  return open.reduce((sum, trial) => sum + (trial.missing?.length ?? all), 0);
}

describe('counting', () => {
  test('a second search reuses what coincides, and counts it', () => {
    const first = makeSearch('first');
    openSearch(store, first);
    run(first, 'calibration', [steps(1)], 0);
    run(first, 'calibration', [steps(0.9), steps(1.1)], 1);
    expect(countEvaluations(store, 'first')).toEqual({ evaluations: 18, reused: 0 });
    const second = makeSearch('second', { optimizer: { type: 'random' } });
    openSearch(store, second);
    expect(run(second, 'calibration', [steps(1)], 0)).toBe(0);
    expect(run(second, 'calibration', [steps(0.7), steps(0.9)], 1)).toBe(6);
    expect(countEvaluations(store, 'second')).toEqual({ evaluations: 18, reused: 12 });
    expect(countEvaluations(store, 'first')).toEqual({ evaluations: 18, reused: 0 });
    expect(countEvaluations(store, 'unknown')).toEqual({ evaluations: 0, reused: 0 });
  });

  test('a picture of another seed is another evaluation', () => {
    const first = makeSearch('first');
    openSearch(store, first);
    run(first, 'calibration', [steps(0.9)], 1);
    const second = makeSearch('second', { seeds: [1, 2] });
    openSearch(store, second);
    expect(run(second, 'calibration', [steps(0.9)], 1)).toBe(3);
    expect(countEvaluations(store, 'second')).toEqual({ evaluations: 6, reused: 3 });
    expect(countEvaluations(store, 'first')).toEqual({ evaluations: 6, reused: 0 });
  });

  test('a picture counts once, whatever the number of its scorers, and twice for two networks', () => {
    const request = makeSearch('s', { control: true });
    openSearch(store, request);
    run(request, 'confirm', [steps(1), steps(0.9)], 0);
    expect(countEvaluations(store, 's')).toEqual({ evaluations: 4, reused: 0 });
    run(request, 'control', [steps(1)], 0);
    expect(countEvaluations(store, 's')).toEqual({ evaluations: 6, reused: 0 });
    expect(one('select count(*) from evaluations')).toBe(12);
  });

  test("what another search did with the control's network is not counted", () => {
    const own = makeSearch('s', { control: true });
    openSearch(store, own);
    run(own, 'calibration', [steps(1)], 0);
    const child = makeSearch('s-control', { rest: { precision: 'fp32' } });
    openSearch(store, child);
    run(child, 'calibration', [steps(1)], 0);
    expect(countEvaluations(store, 's')).toEqual({ evaluations: 6, reused: 0 });
  });

  test('a picture that one scorer still had to look at is not reused', () => {
    const first = makeSearch('first');
    openSearch(store, first);
    run(first, 'select', [steps(0.9)], 1);
    const texts = { ...first.texts, select: ['x', 'y'], confirm: first.texts.select };
    const second: OpenRequest = {
      ...makeSearch('second', {
        rest: {
          confirm: { texts: first.texts.select, seeds: first.splits.select.seeds },
          select: { texts: ['x', 'y'] },
        },
      }),
      texts,
    };
    openSearch(store, second);
    const batch = { ...reference(second, 'confirm'), seeds: first.splits.select.seeds };
    const { open } = askTrials(store, ask(batch, [steps(0.9)], 1));
    expect(open).toHaveLength(1);
    recordTrials(store, { ...batch, trials: [scored(batch, open[0]!, 2)] });
    expect(countEvaluations(store, 'second')).toEqual({ evaluations: 2, reused: 0 });
  });

  test('agrees with a count by hand over 5,000 evaluations', () => {
    const grid = Array.from({ length: 50 }, (_, i) => steps(0.8 + i / 100));
    const first = makeSearch('first', { prompts: 50, confirm: 60 });
    openSearch(store, first);
    run(first, 'calibration', grid, 1);
    const second = makeSearch('second', { prompts: 50, confirm: 60, optimizer: { seed: 3 } });
    openSearch(store, second);
    run(second, 'calibration', [...grid.slice(0, 20), steps(2)], 1);
    run(second, 'confirm', [steps(1), steps(2)], 0);
    expect(one('select count(*) from evaluations')).toBe(5000 + 100 + 240);
    expect(countEvaluations(store, 'first')).toEqual({ evaluations: 5000, reused: 0 });
    expect(countEvaluations(store, 'second')).toEqual({ evaluations: 2100 + 120, reused: 2000 });
  });

  test('the result is completed and stored', () => {
    const request = makeSearch('s');
    openSearch(store, request);
    run(request, 'calibration', [steps(1)], 0);
    run(request, 'calibration', [steps(0.9)], 1, () => [0.4, 0.5]);
    const result = {
      searchId: 's',
      status: 'finished',
      model: 'm',
      precision: 'w4a8',
      steps: 4,
      optimizer: 'cma-es',
      trials: 1,
      failed: 0,
      best: { trial: 1, coefficients: steps(0.9), score: 2 },
      identity: { trial: 0, coefficients: steps(1), score: 1.5 },
      finalist: steps(0.9),
      notes: [],
      heldOut: {
        prompts: 2,
        gain: 0.5,
        low: 0.4,
        high: 0.6,
        recommend: 'none',
        reason: 'few',
        scorers: [],
        calibrationGain: 0.7,
        optimism: 0.2,
      },
      control: null,
    } satisfies FinishRequest['result'];
    const complete = finishSearch(store, { result });
    expect(complete).toMatchObject({
      evaluations: 12,
      reused: 0,
      best: { terms: { tc: 1, iq: 0.5 } },
      identity: { terms: { tc: 0.5, iq: 0.5 } },
    });
    expect(findSearch(store, 's')).toMatchObject({ status: 'finished', recommend: 'none', result: complete });
    expect(finishSearch(store, { result })).toEqual(complete);
  });
});

describe('views', () => {
  beforeEach(() => {
    const request = makeSearch('s');
    openSearch(store, request);
    run(request, 'calibration', [steps(1)], 0);
    run(request, 'calibration', [steps(0.9)], 1, () => [0.4, 0.5]);
    run(request, 'calibration', [steps(0.8)], 2, () => [0.3, 0.5]);
    askTrials(store, ask(reference(request), [steps(0.7)], 3));
  });

  test('say what is best, how far it is, and how it went', () => {
    expect(
      sql('select search_id, sample, noise, score, identity_score, gain, status, recommend from best_coefficients'),
    ).toEqual([
      {
        search_id: 's',
        sample: '[0.9,0.9]',
        noise: '[1,1]',
        score: expect.closeTo(2, 12),
        identity_score: expect.closeTo(1.5, 12),
        gain: expect.closeTo(0.5, 12),
        status: 'running',
        recommend: null,
      },
    ]);
    expect(sql('select asked, scored, failed, best, identity from search_progress')).toEqual([
      { asked: 4, scored: 3, failed: 0, best: expect.closeTo(2, 12), identity: expect.closeTo(1.5, 12) },
    ]);
    expect(
      sql<{ best_so_far: number }>('select best_so_far from trial_history order by number').map(
        (row) => row.best_so_far,
      ),
    ).toEqual([1.5, 2, 2, 2].map((v) => expect.closeTo(v, 12) as number));
  });

  test('show the finalist once there is a verdict, and the best of the calibration beside it', () => {
    const result = {
      finalist: steps(0.8),
      heldOut: { gain: 0.3, low: 0.1, high: 0.5, recommend: 'calibrated' },
    } as unknown as SearchResult;
    expect(sql('select sample, finalist_sample, held_out_gain from best_coefficients')).toEqual([
      { sample: '[0.9,0.9]', finalist_sample: null, held_out_gain: null },
    ]);
    closeSearch(store, 's', { status: 'finished', result });
    expect(
      sql(
        'select sample, score, gain, recommend, finalist_sample, finalist_noise, held_out_gain, held_out_low, held_out_high from best_coefficients',
      ),
    ).toEqual([
      {
        sample: '[0.9,0.9]',
        score: expect.closeTo(2, 12),
        gain: expect.closeTo(0.5, 12),
        recommend: 'calibrated',
        finalist_sample: '[0.8,0.8]',
        finalist_noise: '[1,1]',
        held_out_gain: 0.3,
        held_out_low: 0.1,
        held_out_high: 0.5,
      },
    ]);
  });

  test('can be read by any other program while we hold the file', () => {
    const other = new Database(path, { readonly: true });
    expect(other.prepare('select count(*) from best_coefficients').pluck().get()).toBe(1);
    other.close();
    const reader = openStore(path, { readonly: true });
    expect(listSearches(reader)).toHaveLength(1);
    reader.$client.close();
  });
});

describe('a file that cannot be used', () => {
  function refusalOf(open: () => Store): QschedError {
    try {
      open().$client.close();
    } catch (error) {
      if (error instanceof QschedError) return error;
      throw error;
    }
    throw new Error('the store was opened');
  }

  test('absent, for a reader', () => {
    const error = refusalOf(() => openStore(join(folder, 'none.db'), { readonly: true }));
    expect(error.message).toBe(`There is no database at ${join(folder, 'none.db')} yet.`);
    expect(error.exitCode).toBe(1);
    expect(existsSync(join(folder, 'none.db'))).toBe(false);
  });

  test('in a folder that is not there', () => {
    expect(refusalOf(() => openStore(join(folder, 'no', 'qsched.db'))).message).toBe(
      `The folder of the database ${join(folder, 'no', 'qsched.db')} does not exist.`,
    );
  });

  test('not a database', () => {
    const text = join(folder, 'text.db');
    writeFileSync(text, 'just some text that is no database at all, and long enough. '.repeat(40));
    const error = refusalOf(() => openStore(text));
    expect(error.message).toBe(`${text} is not a qsched database, or it is damaged.`);
    expect(error.hint).toContain('QSCHED_DATA');
    expect(readFileSync(text, 'utf8')).toMatch(/^just some text/);
  });

  test('written by a newer version', () => {
    store.$client.exec("insert into __drizzle_migrations (hash, created_at) values ('later', 99999999999999)");
    for (const readonly of [false, true]) {
      const error = refusalOf(() => openStore(path, { readonly }));
      expect(error.message).toBe(`The database ${path} was written by a newer version of qsched.`);
      expect(error.exitCode).toBe(1);
    }
  });

  test('locked by another program', () => {
    const other = new Database(path);
    other.exec('begin immediate');
    const error = refusalOf(() => openStore(path, { busyMilliseconds: 20 }));
    expect(error.message).toBe(`The database ${path} is locked by another program.`);
    expect(error.hint).toContain('try again');
    other.close();
    openStore(path, { busyMilliseconds: 20 }).$client.close();
  });

  test('a folder in its place', () => {
    mkdirSync(join(folder, 'taken.db'));
    expect(refusalOf(() => openStore(join(folder, 'taken.db'))).message).toBe(
      `The database ${join(folder, 'taken.db')} cannot be opened for writing.`,
    );
  });

  test('opened for reading alone', () => {
    const reader = openStore(path, { readonly: true });
    let caught: unknown;
    try {
      openSearch(reader, makeSearch('s'));
    } catch (error) {
      caught = error;
    }
    reader.$client.close();
    expect(asStoreError(caught, path).message).toBe(`The database ${path} cannot be opened for writing.`);
    expect(asStoreError(new Error('odd'), path).message).toBe(`The database ${path} failed: odd`);
  });
});

describe('the verdict', () => {
  const PROMPTS = 40;
  let request: OpenRequest;
  /** A spread of terms over prompts, without any generator. */
  const base = (e: number) => 0.2 + ((e * 17) % 41) / 500;

  beforeEach(() => {
    request = makeSearch('s', { confirm: PROMPTS });
    openSearch(store, request);
    run(request, 'confirm', [steps(1)], 0, (e) => [base(e), 0.5]);
  });
  const verdictOf = () =>
    judge(store, {
      searchId: 's',
      contexts: reference(request, 'confirm').contexts,
      seeds: request.splits.confirm.seeds,
      objectives: ['objective', 'second'].map((scorer) => ({
        scorer,
        plan: planObjective({ type: 'jaq-clip', k: 2, scorer }),
      })),
    });

  test('says what the finalist gained on the calibration pictures; nothing where it has no scores there', () => {
    run(request, 'confirm', [steps(0.9)], 1);
    expect(verdictOf().calibrationGain).toBeNull();
    run(request, 'calibration', [steps(1)], 0);
    run(request, 'calibration', [steps(0.9)], 1, () => [0.4, 0.5]);
    expect(verdictOf().calibrationGain).toBeCloseTo(0.5, 12);
  });

  test('compares logarithms picture by picture on both sides', () => {
    const log = makeSearch('log', {
      prompts: 2,
      seeds: [0, 1],
      confirm: PROMPTS,
      rest: { objective: { type: 'jaq-clip-log' } },
    });
    openSearch(store, log);
    const before = [0.1, 0.2, 0.3, 0.4];
    const after = [0.4, 0.3, 0.3, 0.4];
    run(log, 'calibration', [steps(1)], 0, (e) => [before[e]!, 0.5]);
    run(log, 'calibration', [steps(0.9)], 1, (e) => [after[e]!, 0.5]);
    run(log, 'confirm', [steps(1), steps(0.9)], 0);
    const objectives = [{ scorer: 'objective', plan: log.objective }];
    const { calibrationGain } = judge(store, {
      searchId: 'log',
      contexts: reference(log, 'confirm').contexts,
      seeds: log.splits.confirm.seeds,
      objectives,
    });
    const each = before.reduce((sum, value, i) => sum + Math.log(after[i]! / value), 0) / 4;
    const ofTheSet = Math.log(1.4 / 1);
    expect(calibrationGain).toBeCloseTo(each, 12);
    expect(Math.abs(each - ofTheSet)).toBeGreaterThan(0.05);
  });

  test('recommends a gain that every scorer sees', () => {
    run(request, 'confirm', [steps(0.9)], 1, (e) => [base(e) + 0.02, 0.5 + (e % 3) / 100]);
    const result = verdictOf();
    expect(result.recommend).toBe('calibrated');
    expect(result.scorers.map(({ scorer }) => scorer)).toEqual(['objective', 'second']);
    const [gain] = result.scorers;
    expect(gain!.prompts).toBe(PROMPTS);
    expect(gain!.calibrated - gain!.identity).toBeCloseTo(gain!.gain, 10);
    expect(gain!.percentile.low).toBeLessThan(gain!.gain);
    expect(gain!.percentile.high).toBeGreaterThan(gain!.gain);
    expect(gain!.probabilityOfGain).toBe(1);
    expect(verdictOf()).toEqual(result);
  });

  test('keeps the identity where the second scorer sees none', () => {
    run(request, 'confirm', [steps(0.9)], 1, (e, scorer) => [
      base(e) + (scorer === 'objective' ? 0.02 : e % 2 === 0 ? -0.01 : 0.01),
      0.5,
    ]);
    const result = verdictOf();
    expect(result.recommend).toBe('identity');
    expect(result.reason).toContain('second');
  });

  test('leaves failed prompts out, and does not recommend what failed', () => {
    const confirm = reference(request, 'confirm');
    const { open } = askTrials(store, ask(confirm, [steps(0.9)], 1));
    recordTrials(store, {
      ...confirm,
      trials: [
        scored(confirm, open[0]!, PROMPTS, (e) => [base(e) + 0.02, 0.5 + (e % 3) / 100], [{ at: 3, reason: 'NaN' }]),
      ],
    });
    const result = verdictOf();
    expect(result.recommend).toBe('identity');
    expect(result.reason).toMatch(/^1 of 40 held-out prompts have pictures that failed\./);
    expect(result.scorers[0]!.prompts).toBe(PROMPTS - 1);
  });

  test('is impossible, for good, where nothing could be scored', () => {
    const confirm = reference(request, 'confirm');
    const { open } = askTrials(store, ask(confirm, [steps(0.9)], 1));
    recordTrials(store, {
      ...confirm,
      trials: [
        scored(
          confirm,
          open[0]!,
          PROMPTS,
          constant,
          Array.from({ length: PROMPTS }, (_, at) => ({ at, reason: 'NaN' })),
        ),
      ],
    });
    let caught: unknown;
    try {
      verdictOf();
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({
      code: 'failure',
      final: true,
      message: 'Only 0 of 40 held-out prompts could be scored.',
    });
  });

  test('needs both trials', () => {
    expect(verdictOf).toThrow('Trial 1 of the confirmation is not in the database.');
  });
});
