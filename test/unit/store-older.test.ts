/** A database of 0.1.0 (test/fixtures/databases) is migrated, read and reused in full. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../contract/canonical-json.js';
import { plainOpening } from '../../contract/opening.js';
import type { BatchReference, JudgeRequest, OpenRequest, Stage } from '../../contract/payloads.js';
import type { FusedDocument } from '../../contract/schedule-document.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import type { FitInputs } from '../../contract/fit-payloads.js';
import { splitPrompts } from '../../db/evaluations.js';
import { countEvaluations } from '../../db/finish.js';
import { findFit } from '../../db/fits.js';
import { judge } from '../../db/judge.js';
import { candidateId, evaluationKey, promptId, scheduleId } from '../../db/keys.js';
import { isOlder } from '../../db/older.js';
import { openStore, type Store } from '../../db/open-store.js';
import { findRun } from '../../db/runs.js';
import { latestFit } from '../../db/schedules.js';
import { findSearch, openSearch, searchContextIds } from '../../db/searches.js';
import { askTrials } from '../../db/trials.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { objectiveAt } from '../../contract/settled-k.js';

const CALIBRATED = 'shapes-w4a8-cma-es-842a005f';
const BASELINE = 'shapes-w8a8-random-5405c668';
const INTERRUPTED = 'shapes-w4a8-cma-es-db508fb5';

let folder: string;
let path: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-older-'));
  path = join(folder, 'qsched.db');
  writeFileSync(path, gunzipSync(readFileSync(join(import.meta.dirname, '../fixtures/databases/0.1.0.db.gz'))));
});
afterEach(() => {
  store.$client.close();
  rmSync(folder, { recursive: true, force: true });
});

const sql = <T = Record<string, unknown>>(query: string, ...values: unknown[]): T[] =>
  store.$client.prepare(query).all(...values) as T[];
const specOf = (id: string): SearchSpec => findSearch(store, id)!.spec;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The request that opens a stored search again, under its own id or another. */
function requestOf(id: string, searchId = id): OpenRequest {
  const spec = specOf(id);
  const texts = (split: Stage): string[] =>
    splitPrompts(store, id, split).map(
      (prompt) => sql<{ text: string }>('select text from prompts where id = ?', prompt)[0]!.text,
    );
  const contexts = sql<Omit<OpenRequest['contexts'][number], 'provenance'> & { provenance: string }>(
    'select c.* from contexts c join search_contexts s on s.context_id = c.id where s.search_id = ?',
    id,
  ).map(({ provenance, ...rest }) => ({ ...rest, provenance: JSON.parse(provenance) as Record<string, unknown> }));
  const all = { calibration: texts('calibration'), select: texts('select'), confirm: texts('confirm') };
  const split = (stage: Stage, seeds: readonly number[]) => ({
    set: null,
    texts: all[stage],
    count: all[stage].length,
    sha256: '',
    nounsSha256: null,
    seeds,
  });
  return {
    searchId,
    spec,
    opening: plainOpening(spec.optimizer.budget),
    objective: planObjective(objectiveAt(spec.objective, undefined)),
    contexts,
    texts: all,
    nouns: null,
    splits: {
      calibration: split('calibration', spec.prompts.seeds),
      select: split('select', spec.select.seeds),
      confirm: split('confirm', spec.confirm.seeds),
    },
  };
}

interface StoredTrial {
  readonly number: number;
  readonly point: string;
  readonly sample: string;
  readonly noise: string;
  readonly score: number | null;
}

/** The stored trials of a stage, and what asking for them again gives. */
function askAgain(request: OpenRequest, id: string, stage: BatchReference['stage']) {
  const split = stage === 'control' ? 'confirm' : stage;
  const scorers = split === 'confirm' ? ['objective', 'second'] : ['objective'];
  const contexts = searchContextIds(store, id, stage === 'control' ? 'fp32' : request.spec.precision);
  const stored = sql<StoredTrial>(
    `select t.number, t.point, t.score, c.sample, c.noise from trials t join candidates c on c.id = t.candidate_id
     where t.search_id = ? and t.stage = ? order by t.number`,
    id,
    stage,
  );
  const asked = askTrials(store, {
    searchId: request.searchId,
    stage,
    split,
    contexts: Object.fromEntries(scorers.map((scorer) => [scorer, contexts[scorer]!])),
    seeds: request.splits[split].seeds,
    objective: request.objective,
    retryFailed: false,
    trials: stored.map(({ number, point, sample, noise }) => ({
      index: number,
      point: JSON.parse(point) as number[],
      coefficients: { sample: JSON.parse(sample) as number[], noise: JSON.parse(noise) as number[] },
    })),
  });
  return { stored, ...asked };
}

test('is recognised, and migrated when it is opened for writing', () => {
  store = openStore(path, { readonly: true });
  expect(isOlder(store)).toBe(true);
  expect(findSearch(store, CALIBRATED)!.status).toBe('finished');
  store.$client.close();
  store = openStore(path);
  expect(isOlder(store)).toBe(false);
  expect(sql('pragma foreign_key_check')).toEqual([]);
  expect(sql('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
});

describe('its scores', () => {
  beforeEach(() => {
    store = openStore(path);
  });

  test('have the keys that this version computes', () => {
    const evaluations = sql<{ key: string; context_id: string; candidate_id: string; prompt_id: string; seed: number }>(
      'select * from evaluations',
    );
    expect(evaluations).toHaveLength(259);
    for (const { key, context_id, candidate_id, prompt_id, seed } of evaluations) {
      expect(evaluationKey(context_id, candidate_id, prompt_id, seed)).toBe(key);
    }
    for (const { id, sample, noise } of sql<Record<'id' | 'sample' | 'noise', string>>('select * from candidates')) {
      expect(candidateId({ sample: JSON.parse(sample) as number[], noise: JSON.parse(noise) as number[] })).toBe(id);
    }
    for (const { id, text } of sql<{ id: string; text: string }>('select * from prompts')) {
      expect(promptId(text)).toBe(id);
    }
    for (const { id, provenance } of sql<{ id: string; provenance: string }>('select * from contexts')) {
      expect(sha256(canonicalJson(JSON.parse(provenance)))).toBe(id);
    }
    for (const { id, fused } of sql<{ id: string; fused: string }>('select * from schedules')) {
      expect(scheduleId(JSON.parse(fused) as FusedDocument)).toBe(id);
    }
  });

  test.each([
    [CALIBRATED, ['calibration', 'select', 'confirm']],
    [BASELINE, ['calibration', 'confirm', 'control']],
  ] as const)('answer a new search like %s without any evaluation', (id, stages) => {
    const request = requestOf(id, 'again');
    openSearch(store, request);
    for (const stage of stages) {
      const { stored, open, scores } = askAgain(request, id, stage);
      expect(stored.length).toBeGreaterThan(0);
      expect(open).toEqual([]);
      expect(scores).toEqual(stored.map(({ score }) => score));
    }
    const { evaluations } = findSearch(store, id)!.result!;
    expect(countEvaluations(store, 'again')).toEqual({ evaluations, reused: evaluations });
  });

  test('continue an interrupted search: only what is missing is open', () => {
    const request = requestOf(INTERRUPTED);
    openSearch(store, request);
    const { stored, open, scores } = askAgain(request, INTERRUPTED, 'calibration');
    const unscored = stored.filter(({ score }) => score === null);
    expect(unscored).toHaveLength(2);
    expect(open.map(({ index }) => index)).toEqual(unscored.map(({ number }) => number));
    expect(scores).toEqual(stored.map(({ score }) => score));
  });

  test.each([CALIBRATED, BASELINE])('give %s the same verdict, to the bit', (id) => {
    const { spec, result } = findSearch(store, id)!;
    const request: JudgeRequest = {
      searchId: id,
      contexts: searchContextIds(store, id, spec.precision),
      seeds: spec.confirm.seeds,
      objectives: ['objective', 'second'].map((scorer) => ({
        scorer,
        plan: planObjective({ ...objectiveAt(spec.objective, undefined), scorer }),
      })),
    };
    const { recommend, scorers, calibrationGain } = result!.heldOut;
    expect(judge(store, request)).toMatchObject({ recommend, scorers, calibrationGain });
  });
});

describe('its results', () => {
  beforeEach(() => {
    store = openStore(path);
  });

  test('are read with low and high of every gain', () => {
    const [objective, second] = findSearch(store, CALIBRATED)!.result!.heldOut.scorers;
    expect([objective!.low, objective!.high]).toEqual([0.16121417727414417, 0.5338224994071602]);
    expect([second!.low, second!.high]).toEqual([0.027153516267084322, 0.12109122503506857]);
    expect(findRun(store, 'evaluate-8a80ec31edb8')!.result).toMatchObject({
      rows: [{ gains: [] }, { gains: [{ low: 0.11697495500716405, high: 0.3793522660726103 }, { scorer: 'second' }] }],
    });
  });

  test('are in the views, with what is recommended', () => {
    const best = sql('select * from best_coefficients order by status, search_id');
    expect(best).toMatchObject([
      {
        search_id: CALIBRATED,
        scheduler: 'tcd',
        steps: 2,
        objective: 'jaq-clip',
        k: 2,
        range_low: 0.8,
        range_high: 1.2,
        verdict: 'calibrated',
        sample: '[0.9635103905069637,0.9460397445604777]',
        noise: '[1.0961079164704102,0.9631937764837654]',
        held_out_gain: 0.2802055545904788,
        held_out_low: 0.16121417727414417,
        held_out_high: 0.5338224994071602,
      },
      {
        search_id: BASELINE,
        verdict: 'identity',
        sample: '[1,1]',
        noise: '[1,1]',
        finalist_sample: '[0.9596185889259583,1.006671666919166]',
      },
      { search_id: INTERRUPTED, status: 'running', verdict: null, sample: null, held_out_gain: null },
    ]);
    for (const row of best) expect(row['searched_score']).toBeGreaterThanOrEqual(row['identity_score'] as number);
    expect(
      sql('select search_id, stage, budget, asked, scored, verdict, worker_seconds from searches_overview'),
    ).toEqual([
      {
        search_id: INTERRUPTED,
        stage: 'calibration',
        budget: 100,
        asked: 9,
        scored: 7,
        verdict: null,
        worker_seconds: null,
      },
      {
        search_id: BASELINE,
        stage: 'control',
        budget: 2,
        asked: 3,
        scored: 3,
        verdict: 'identity',
        worker_seconds: null,
      },
      {
        search_id: CALIBRATED,
        stage: 'confirm',
        budget: 6,
        asked: 7,
        scored: 7,
        verdict: 'calibrated',
        worker_seconds: null,
      },
    ]);
    expect(sql('select position, schedule, images, gain, gain_low, gain_high, verdict from evaluation_rows')).toEqual([
      { position: 0, schedule: 'identity', images: 20, gain: null, gain_low: null, gain_high: null, verdict: null },
      {
        position: 1,
        schedule: 'q-sched',
        images: 20,
        gain: 0.2407369538959762,
        gain_low: 0.11697495500716405,
        gain_high: 0.3793522660726103,
        verdict: 'calibrated',
      },
    ]);
    for (const view of ['search_progress', 'trial_history']) expect(sql(`select * from ${view}`)).not.toEqual([]);
    for (const view of ['prompt_gains', 'trial_images']) expect(sql(`select * from ${view}`)).toEqual([]);
  });

  test('include a PTQD fit, which is reused by the inputs it was stored under', () => {
    const { scheduler } = specOf(CALIBRATED);
    const { id, document } = latestFit(store, 'ptqd', { model: 'shapes', precision: 'w4a8', scheduler })!;
    const own = { gamma: 'std', bias: 'channel', seeds: [0, 1] } as const;
    const texts = requestOf(CALIBRATED).texts.calibration;
    const older = {
      ...own,
      contexts: searchContextIds(store, CALIBRATED, 'w4a8'),
      referenceContexts: searchContextIds(store, BASELINE, 'fp32'),
      scheduler,
      prompts: sha256(JSON.stringify(texts)),
    };
    const inputs = { ...own, network: 'n', reference: 'r', prompts: older.prompts } as unknown as FitInputs;
    expect(findFit(store, { inputs, older: { ...older, bias: 'step' } })).toBeNull();
    expect(findFit(store, { inputs, older })).toEqual({ id, document, trajectories: 4 });
    expect(findFit(store, { inputs, older: null })).toEqual({ id, document, trajectories: 4 });
  });
});
