/** Trials in the store: asked, recorded and counted. */
import { beforeEach, describe, expect, test } from 'vitest';
import { countEvaluations, finishSearch } from '../../db/finish.js';
import { candidateId, evaluationKey, promptId } from '../../db/keys.js';
import { findSearch, openSearch } from '../../db/searches.js';
import { failureReasons } from '../../db/failures.js';
import { askTrials } from '../../db/trials.js';
import type { Coefficients } from '../../contract/coefficients.js';
import type { BatchReference, FinishRequest, OpenRequest } from '../../contract/payloads.js';
import {
  ask,
  constant,
  contextName,
  dump,
  makeSearch,
  one,
  recordScored,
  reference,
  run,
  scored,
  sql,
  steps,
  store,
} from './store-fixture.js';

describe('ask and record', () => {
  let request: OpenRequest;
  let batch: BatchReference;
  beforeEach(() => {
    request = makeSearch('s');
    batch = reference(request);
    openSearch(store, request);
  });

  test('persists asked trials before anything is scored; asking again changes nothing', () => {
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
    const result = recordScored({ ...batch, trials: [answer] });
    const tc = 2.5 * (0.1 + 15 / 600);
    expect(result).toEqual([
      { index: 1, complete: true, score: expect.closeTo(tc + 1, 12), tc: expect.closeTo(tc, 12), iq: 0.5 },
    ]);
    const kept = dump();
    expect(kept.evaluations).toHaveLength(6);
    expect(recordScored({ ...batch, trials: [answer] })).toEqual(result);
    expect(recordScored({ ...batch, trials: [scored(batch, open[0]!, 6, () => [0.9, 0.9])] })).toEqual(result);
    expect(dump()).toEqual(kept);
    expect(askTrials(store, ask(batch, [steps(0.9)]))).toEqual({ open: [], scores: [result[0]!.score], kept: [] });
    expect(dump()).toEqual(kept);
  });

  test('a piece leaves only the missing pairs open', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    expect(recordScored({ ...batch, trials: [scored(batch, { ...open[0]!, missing: [0, 3, 5] }, 6)] })).toEqual([
      { index: 1, complete: false, score: null, tc: null, iq: null },
    ]);
    const again = askTrials(store, ask(batch, [steps(0.9)]));
    expect(again).toEqual({
      scores: [null],
      open: [{ index: 1, coefficients: steps(0.9), missing: [1, 2, 4] }],
      kept: [],
    });
    const [done] = recordScored({ ...batch, trials: [scored(batch, again.open[0]!, 6)] });
    expect(done!.score).toBeCloseTo(1.5, 12);
    expect(one('select count(*) from evaluations')).toBe(6);
  });

  test('every evaluation is under its own prompt and seed', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    recordScored({ ...batch, trials: [scored(batch, open[0]!, 6, (e) => [e, 0])] });
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

  test('the stored candidate wins over the asked one if they differ only by rounding', () => {
    askTrials(store, ask(batch, [steps(0.9)]));
    const { open, kept } = askTrials(store, ask(batch, [steps(0.9 + Number.EPSILON)]));
    expect(open[0]!.coefficients).toEqual(steps(0.9));
    expect(kept).toEqual([{ index: 1, coefficients: steps(0.9) }]);
  });

  test('another candidate is not scored with what was stored under its number', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    recordScored({ ...batch, trials: [scored(batch, open[0]!, 6)] });
    const again = askTrials(store, ask(batch, [steps(0.8)]));
    expect(again).toEqual({ open: [{ index: 1, coefficients: steps(0.8), missing: null }], scores: [null], kept: [] });
    expect(one('select count(*) from evaluations')).toBe(6);
    expect(askTrials(store, ask(batch, [steps(0.9)])).open).toEqual([]);
  });

  test('nouns are part of the identity of a prompt if a scorer reads them', () => {
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

  test('a finalist may be replaced', () => {
    const select = reference(request, 'select');
    askTrials(store, ask(select, [steps(0.9)]));
    recordScored({
      ...select,
      trials: [scored(select, { index: 1, coefficients: steps(0.9), missing: null }, 2)],
    });
    const { open } = askTrials(store, ask(select, [steps(0.8)]));
    expect(open[0]!.coefficients).toEqual(steps(0.8));
    expect(sql("select status, score from trials where stage = 'select'")).toEqual([{ status: 'asked', score: null }]);
  });

  test('one failed evaluation fails the trial, without a number', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9), steps(1.1)]));
    const results = recordScored({
      ...batch,
      trials: [
        scored(batch, open[0]!, 6, (e) => (e === 2 ? [NaN, NaN] : [0.2, 0.5]), [
          { at: 2, reason: 'the image has 9 values that are not finite' },
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
      { reason: 'the image has 9 values that are not finite', terms: null },
    ]);
    expect(failureReasons(store, 's')).toEqual([
      'the image has 9 values that are not finite (1 evaluation; for example "calibration prompt 1", seed 0, c^x 0.9, 0.9, c^eps 1, 1)',
    ]);
    expect(failureReasons(store, 'nosuchsearch')).toEqual([]);
    expect(askTrials(store, ask(batch, [steps(0.9), steps(1.1)])).open).toEqual([]);
  });

  test('failures are retried only on request, and then replaced by a score', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    recordScored({ ...batch, trials: [scored(batch, open[0]!, 6, constant, [{ at: 4, reason: 'broken' }])] });
    expect(askTrials(store, ask(batch, [steps(0.9)])).open).toEqual([]);
    expect(sql('select status from trials')).toEqual([{ status: 'failed' }]);
    const again = askTrials(store, ask(batch, [steps(0.9)], 1, true));
    expect(again.open).toEqual([{ index: 1, coefficients: steps(0.9), missing: [4] }]);
    expect(sql('select status, score from trials')).toEqual([{ status: 'asked', score: null }]);
    const [done] = recordScored({ ...batch, trials: [scored(batch, again.open[0]!, 6)] });
    expect(done!.score).toBeCloseTo(1.5, 12);
    expect(sql('select status from trials')).toEqual([{ status: 'ok' }]);
  });

  test('a number that is not finite is a failure, even if the worker did not report it', () => {
    const { open } = askTrials(store, ask(batch, [steps(0.9)]));
    const [result] = recordScored({
      ...batch,
      trials: [scored(batch, open[0]!, 6, (e) => [e === 1 ? Infinity : 0.2, 0.5])],
    });
    expect(result!.score).toBeNull();
    expect(sql("select reason from evaluations where status = 'failed'")).toEqual([{ reason: 'a term is not finite' }]);
  });

  test("one scorer's failure is not another's", () => {
    const confirm = reference(request, 'confirm');
    const { open } = askTrials(store, ask(confirm, [steps(0.9)], 0));
    recordScored({
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

  test('nothing of a batch is written if a part of it cannot be', () => {
    const kept = dump();
    const wanted = ask(batch, [steps(0.9), steps(1.1)]);
    expect(() => askTrials(store, { ...wanted, searchId: 'unknown' })).toThrow(/FOREIGN KEY/);
    expect(dump()).toEqual(kept);
  });
});

describe('counting', () => {
  test('a second search reuses equal evaluations, and counts them', () => {
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

  test('an image of another seed is another evaluation', () => {
    const first = makeSearch('first');
    openSearch(store, first);
    run(first, 'calibration', [steps(0.9)], 1);
    const second = makeSearch('second', { seeds: [1, 2] });
    openSearch(store, second);
    expect(run(second, 'calibration', [steps(0.9)], 1)).toBe(3);
    expect(countEvaluations(store, 'second')).toEqual({ evaluations: 6, reused: 3 });
    expect(countEvaluations(store, 'first')).toEqual({ evaluations: 6, reused: 0 });
  });

  test('an image counts once, for any number of scorers, and twice for two networks', () => {
    const request = makeSearch('s', { control: true });
    openSearch(store, request);
    run(request, 'confirm', [steps(1), steps(0.9)], 0);
    expect(countEvaluations(store, 's')).toEqual({ evaluations: 4, reused: 0 });
    run(request, 'control', [steps(1)], 0);
    expect(countEvaluations(store, 's')).toEqual({ evaluations: 6, reused: 0 });
    expect(one('select count(*) from evaluations')).toBe(12);
  });

  test("evaluations that another search made with the control's network are not counted", () => {
    const own = makeSearch('s', { control: true });
    openSearch(store, own);
    run(own, 'calibration', [steps(1)], 0);
    const child = makeSearch('s-control', { rest: { precision: 'fp32' } });
    openSearch(store, child);
    run(child, 'calibration', [steps(1)], 0);
    expect(countEvaluations(store, 's')).toEqual({ evaluations: 6, reused: 0 });
  });

  test('an image that one scorer still had to score does not count as reused', () => {
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
    recordScored({ ...batch, trials: [scored(batch, open[0]!, 2)] });
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
