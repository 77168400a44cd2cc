/** The network computes no row twice: rows equal the bound of the trajectory tree but for each worker's first calls. */
import { describe, expect, test } from 'vitest';
import { encodeFloats } from '../../contract/float-text.js';
import type { ScoreRequest, ScoreResult } from '../../contract/wire/score.js';
import { toWireSchedule } from '../../contract/wire/schedule.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { buildTrajectoryTree } from '../../diffusion/trajectory-tree.js';
import { scaleSchedule } from '../../inference/engine/apply-step.js';
import { createGenerator } from '../../inference/engine/generate-blocks.js';
import type { JobTools } from '../../inference/engine/job-tools.js';
import { scoreJob } from '../../inference/engine/score-job.js';
import { startReport } from '../../inference/engine/work-report.js';
import { fakePipeline } from './fake-pipeline.js';

const STEPS = 4;
const SIDE = 3;
const PROMPTS = ['a red circle', 'a blue square', 'a green ring', 'nothing', 'a dot'];
const SEEDS = [0, 1];
const PAIRS = PROMPTS.length * SEEDS.length;
const BATCH = 4;

const scheduler = createScheduler({ type: 'tcd' });
scheduler.setTimesteps(STEPS, { eta: 0.3 });
const BASELINE = toWireSchedule(scheduler.fused());

/** A grid of single-scale coefficients: all candidates differ from the first step on. */
const CANDIDATES = Array.from({ length: SIDE * SIDE }, (_, k) => {
  const [sample, noise] = [0.9 + 0.1 * (k % SIDE), 0.9 + 0.1 * Math.floor(k / SIDE)];
  return { sample: new Array<number>(STEPS).fill(sample), noise: new Array<number>(STEPS).fill(noise) };
});
const K = CANDIDATES.length;
const BOUND = PAIRS * (1 + (STEPS - 1) * K);

/** One worker: a pipeline with its caches, and a scorer that reads every pixel. */
function worker(batch = BATCH) {
  const pipeline = fakePipeline({ latentShape: [2, 2, 2], batch });
  const generator = createGenerator(pipeline);
  const tools: JobTools = {
    artefacts: () => {
      throw new Error('nothing is kept');
    },
    generator: async () => generator,
    scorer: async (role) => ({
      role,
      names: ['pixels'],
      score: async (images) =>
        images.map(({ image: { data } }) => Float64Array.of(data.reduce((sum, value, i) => sum + value * (i + 1), 0))),
      release: async () => undefined,
    }),
  };
  return { pipeline, score: (request: ScoreRequest) => scoreJob(request, tools) };
}

/** A request for some candidates on some pairs. */
function request(candidates: readonly number[], pairs: readonly number[]): ScoreRequest {
  return {
    version: 2,
    network: { model: 'm', precision: 'p', options: {}, network: '0'.repeat(64) },
    scorers: [{ role: 'objective', name: 'fake', names: ['pixels'], fingerprint: '0'.repeat(64) }],
    schedule: BASELINE,
    prompts: PROMPTS.map((text) => ({ text, nouns: null })),
    pairs: pairs.map((pair) => [Math.floor(pair / SEEDS.length), SEEDS[pair % SEEDS.length]!]),
    candidates: candidates.map((k) => ({ coefficients: CANDIDATES[k]!, pairs: null })),
    keepImages: false,
  };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const chunks = <T>(items: readonly T[], size: number): T[][] =>
  range(Math.ceil(items.length / size)).map((i) => items.slice(i * size, (i + 1) * size));
/** Blocks cut through pairs, then through candidates. */
const blocks = (pairs: number, candidates: number): [number[], number[]][] =>
  chunks(range(PAIRS), pairs).flatMap((own) =>
    chunks(range(K), candidates).map((some): [number[], number[]] => [some, own]),
  );

describe(`a grid of ${K} candidates with ${STEPS} steps on ${PAIRS} pairs`, () => {
  test('has the bound of the trajectory tree', () => {
    const tree = buildTrajectoryTree(CANDIDATES.map((coefficients) => scaleSchedule(BASELINE, coefficients)));
    expect(PAIRS * tree.networkCalls).toBe(BOUND);
  });

  test.each([
    ['in one request', PAIRS, K],
    ['cut through pairs', 3, K],
    ['cut through pairs, one at a time', 1, K],
    ['cut through candidates', PAIRS, 2],
    ['cut through both', 4, 4],
  ])('on one worker, %s: exactly the bound', async (_, pairs, candidates) => {
    const { pipeline, score } = worker();
    for (const [some, own] of blocks(pairs, candidates)) await score(request(some, own));
    expect(pipeline.rows.denoiser).toBe(BOUND);
  });

  test.each([
    [2, 'pairs', 2, K, 0],
    [4, 'pairs', 1, K, 0],
    // Each pair is on as many workers as its candidates are cut for, and each makes its first call.
    [2, 'candidates', PAIRS, Math.ceil(K / 2), PAIRS],
    [3, 'candidates', PAIRS, Math.ceil(K / 3), 2 * PAIRS],
    [16, 'both', 5, Math.ceil(K / 3), 2 * PAIRS],
  ])(
    'on %d workers, cut through %s: the bound, and the first calls of further workers',
    async (count, _, pairs, candidates, first) => {
      const workers = range(count).map(() => worker());
      for (const [i, [some, own]] of blocks(pairs, candidates).entries()) {
        await workers[i % count]!.score(request(some, own));
      }
      const rows = workers.reduce((sum, { pipeline }) => sum + pipeline.rows.denoiser, 0);
      expect(rows).toBe(BOUND + first);
      expect(first).toBeLessThanOrEqual(PAIRS * (count - 1));
    },
  );

  test('candidates that share a beginning share its rows', async () => {
    const { pipeline, score } = worker();
    const base = request([0, 1], range(PAIRS));
    // Equal but for the last step: all calls are shared.
    const last = { ...CANDIDATES[0]!, sample: CANDIDATES[0]!.sample.map((c, i) => (i === STEPS - 1 ? c + 0.01 : c)) };
    await score({
      ...base,
      candidates: [CANDIDATES[0]!, last].map((coefficients) => ({ coefficients, pairs: null })),
    });
    expect(pipeline.rows.denoiser).toBe(PAIRS * STEPS);
  });

  test('scores are the same however the work is cut', async () => {
    const columns = (result: ScoreResult['candidates'][number]): string => result.values[0]!;
    const whole = (await worker().score(request(range(K), range(PAIRS)))).candidates.map(columns);
    expect(new Set(whole).size).toBe(K);
    const other = worker(3);
    const parts = range(K).map(() => new Float64Array(PAIRS));
    for (const [some, own] of blocks(3, 2)) {
      const { candidates } = await other.score(request(some, own));
      candidates.forEach((result, i) => {
        const values = new Float64Array(Uint8Array.from(Buffer.from(columns(result), 'base64')).buffer);
        own.forEach((pair, at) => {
          parts[some[i]!]![pair] = values[at]!;
        });
      });
    }
    expect(parts.map((values) => encodeFloats(values))).toEqual(whole);
  });
});

test('a report counts the rows since it started, padded ones apart', async () => {
  const { pipeline, score } = worker();
  await score(request([0], [0]));
  const report = startReport();
  report.count(pipeline);
  await score(request([0, 1], [1]));
  report.count(pipeline);
  // One first call, then two rows for each of the other steps; every call is padded.
  expect(report.made()).toMatchObject({
    denoiserRows: 1 + 2 * (STEPS - 1),
    paddedRows: BATCH * STEPS,
    worker: expect.stringMatching(new RegExp(`^${process.pid}@`)) as unknown,
  });
});
