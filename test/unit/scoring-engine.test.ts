/** The scoring engine on the bundled models: a score depends on its key alone, and a separate thread computes it. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeFloats } from '../../contract/float-text.js';
import { toWireSchedule, type WireSchedule, type WireStep } from '../../contract/wire/schedule.js';
import type { ScoreRequest, ScoreResult } from '../../contract/wire/score.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { scaleSchedule } from '../../inference/engine/apply-step.js';
import type { EngineClient, startEngine } from '../../inference/engine/engine-client.js';
import { engineParts } from '../../inference/engine/engine-parts.js';
import { createGenerator, type EngineControl, type Generator } from '../../inference/engine/generate-blocks.js';
import type { EngineCandidate, Pair } from '../../inference/engine/sampling-loop.js';
import { generateAll } from './generate-all.js';
import { scoreCandidates, type Evaluation } from '../../inference/engine/score-images.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { TERM_NAMES } from '../../inference/scorers/clip.js';
import type { Scorer } from '../../inference/scorers/scorer.js';
import { imageFromPlanar } from '../../metrics/images/image.js';

interface EngineModule {
  readonly startEngine: typeof startEngine;
}

const ROOTS = [join(packageRoot(), 'models')];
const BATCH = 4;
const ROLES = ['objective', 'second'];
/** With noise in the first step. */
const CHOICE = { type: 'tcd' as const, steps: 2, eta: 0.3 };

const PAIRS: readonly Pair[] = [
  { text: 'a red circle on a blue background', seed: 0 },
  { text: 'a red circle on a blue background', seed: 1 },
  { text: 'a small green square', seed: 0 },
  { text: 'a photo of a large yellow ring at the top left', seed: 2 ** 40 + 1 },
  { text: '', seed: 0 },
];
const EVERYTHING = PAIRS.map((_, i) => i);

const modelOf = (precision: string) => openModelFolder('shapes', precision, ROOTS);
const scheduler = schedulerOf(modelOf('w4a8'), CHOICE);
const BASELINE = toWireSchedule(scheduler.fused());

/** The last two share their first step. */
const COEFFICIENTS = [
  { sample: [1, 1], noise: [1, 1] },
  { sample: [0.95, 1], noise: [1.04, 1] },
  { sample: [0.97, 0.9], noise: [1, 1.1] },
  { sample: [0.97, 1.05], noise: [1, 0.9] },
];
const SCHEDULES = COEFFICIENTS.map((coefficients) => scaleSchedule(BASELINE, coefficients));
const CANDIDATES: readonly EngineCandidate[] = SCHEDULES.map((schedule) => ({ schedule, pairs: EVERYTHING }));

/** A network with scorers. */
interface Engine {
  readonly generator: Generator;
  readonly scorers: readonly Scorer[];
  score(
    candidates: readonly EngineCandidate[],
    pairs: readonly Pair[],
    control?: EngineControl,
  ): Promise<Evaluation[][]>;
}

const engineOf = (generator: Generator, scorers: readonly Scorer[]): Engine => ({
  generator,
  scorers,
  score: (candidates, pairs, control) => scoreCandidates(generator, scorers, candidates, pairs, control),
});

/** An engine that has computed nothing yet. */
async function open(precision: string, threads = 1): Promise<Engine> {
  const parts = engineParts({ batch: BATCH, threads });
  const network = { model: 'shapes', precision, options: {} };
  const scorers = await Promise.all(ROLES.map((role) => parts.scorer(network, role)));
  return engineOf(await parts.generator(network), scorers);
}

function termsOf(evaluation: Evaluation): Float64Array[] {
  if ('failed' in evaluation) throw new Error(evaluation.failed);
  return evaluation.terms.map((terms) => {
    if (typeof terms === 'string') throw new Error(terms);
    return terms;
  });
}

describe('a score depends on nothing but its key', () => {
  let expected: Float64Array[][][];
  let engine: Engine;
  const all = async (of: Engine, candidates = CANDIDATES, pairs = PAIRS) =>
    (await of.score(candidates, pairs)).map((row) => row.map(termsOf));

  beforeAll(async () => {
    engine = await open('w4a8');
    expected = await all(engine);
  });

  test('there is something to compare: finite terms that differ between candidates, prompts and seeds', () => {
    const flat = expected.flat().map((terms) => terms.map((row) => row.join()).join());
    expect(new Set(flat).size).toBe(SCHEDULES.length * PAIRS.length);
    for (const terms of expected.flat()) {
      expect(terms).toHaveLength(ROLES.length);
      for (const row of terms) {
        expect(row).toHaveLength(TERM_NAMES.length);
        expect(Math.abs(row[0]!)).toBeLessThanOrEqual(1);
        for (const share of row.slice(1)) expect(share).toSatisfy((value: number) => value >= 0 && value <= 1);
      }
    }
  });

  test('the same engine returns it again, from its caches', async () => {
    expect(await all(engine)).toEqual(expected);
  });

  test('alone in a fresh engine, without neighbours', async () => {
    const fresh = await open('w4a8');
    for (const [k, schedule] of SCHEDULES.entries()) {
      for (const p of [0, 3]) {
        const [[evaluation]] = (await fresh.score([{ schedule, pairs: [0] }], [PAIRS[p]!])) as [[Evaluation]];
        expect(termsOf(evaluation), `candidate ${k}, pair ${p}`).toEqual(expected[k]![p]);
      }
    }
  });

  test('in another order, in a fresh engine', async () => {
    const reversed = await all(await open('w4a8'), [...CANDIDATES].reverse(), [...PAIRS].reverse());
    expect(reversed.reverse().map((row) => row.reverse())).toEqual(expected);
  });

  test('in other chunks, with some pairs wanted and others not', async () => {
    const fresh = await open('w4a8');
    const wanted = [[4], [0, 2], [], [3, 1]];
    const parts = await fresh.score(
      CANDIDATES.map(({ schedule }, k) => ({ schedule, pairs: wanted[k]! })),
      PAIRS,
    );
    expect(parts.map((row) => row.map(termsOf))).toEqual(wanted.map((list, k) => list.map((p) => expected[k]![p])));
    const halves = [...(await all(fresh, CANDIDATES.slice(0, 1))), ...(await all(fresh, CANDIDATES.slice(1)))];
    expect(halves).toEqual(expected);
  });

  test('in blocks of one pair, each scored before the next is generated', async () => {
    const { generator, scorers } = await open('w4a8');
    const { pipeline } = generator.sampler;
    const small = engineOf(
      createGenerator(pipeline, () => false, { latents: 1, images: 1 }),
      scorers,
    );
    const scored = vi.spyOn(scorers[0]!, 'score');
    expect(await all(small)).toEqual(expected);
    expect(scored.mock.calls.map(([images]) => images.map(({ text }) => text))).toEqual(
      PAIRS.map(({ text }) => SCHEDULES.map(() => text)),
    );
  });

  test('after its text encoders were released', async () => {
    const { generator, scorers } = await open('w4a8');
    const lean = engineOf(
      createGenerator(generator.sampler.pipeline, () => true, { latents: 1, images: 1 }),
      scorers,
    );
    expect(await all(lean)).toEqual(expected);
  });

  test('shared beginnings and equal candidates change nothing', async () => {
    const fresh = await open('w4a8');
    const twice = await all(fresh, [CANDIDATES[2]!, CANDIDATES[3]!, CANDIDATES[2]!]);
    expect(twice).toEqual([expected[2], expected[3], expected[2]]);
    const alone = await all(await open('w4a8'), [CANDIDATES[3]!]);
    expect(alone).toEqual([expected[3]]);
  });

  test.each(['fp32', 'w8a8', 'w4a8', 'w4a6'])('with one thread or two, padded or full: %s', async (precision) => {
    const [single, double] = [await open(precision, 1), await open(precision, 2)];
    const one = await all(single, CANDIDATES.slice(0, 2));
    expect(await all(double, CANDIDATES.slice(0, 2))).toEqual(one);
    expect(await all(double, [CANDIDATES[1]!], [PAIRS[2]!, PAIRS[2]!, PAIRS[2]!, PAIRS[2]!, PAIRS[2]!])).toEqual([
      EVERYTHING.map(() => one[1]![2]),
    ]);
  });
});

describe('what cannot be scored', () => {
  const broken = (change: object, at = 0): WireSchedule => ({
    ...SCHEDULES[0]!,
    steps: SCHEDULES[0]!.steps.map((step, i) => (i === at ? ({ ...step, ...change } as WireStep) : step)),
  });

  test.each([
    ['NaN in the first step', broken({ a: NaN }), 1],
    ['NaN in the last step', broken({ b: NaN }, 1), 2],
    ['an infinite weight', broken({ b: Infinity }), 1],
    ['a coefficient beyond float32', scaleSchedule(BASELINE, { sample: [1e300, 1], noise: [1, 1] }), 1],
    ['an offset that is not finite', broken({ d: -Infinity }, 1), 2],
  ])('%s is a failure that names the step, and leaves its neighbours alone', async (_, schedule, step) => {
    const engine = await open('w4a8');
    const [whole] = await engine.score([CANDIDATES[0]!], PAIRS);
    const [bad, good] = await engine.score([{ schedule, pairs: EVERYTHING }, CANDIDATES[0]!], PAIRS);
    for (const evaluation of bad!) {
      expect(evaluation).toEqual({
        failed: expect.stringMatching(
          new RegExp(`^the latent has \\d+ values that are not finite after step ${step} of 2$`),
        ),
      });
    }
    expect(good).toEqual(whole);
  });
});

test('the baseline is the plain loop of the scheduler', async () => {
  const { generator, scorers } = await open('fp32');
  const { pipeline } = generator.sampler;
  const [clip] = scorers;
  const candidate = { schedule: BASELINE, pairs: EVERYTHING };
  const [evaluations] = await scoreCandidates(generator, scorers, [candidate], PAIRS);
  const [images] = await generateAll(generator, [candidate], PAIRS);
  const length = pipeline.latentShape.reduce((product, side) => product * side, 1);
  for (const [p, { text, seed }] of PAIRS.entries()) {
    const noise = (stepIndex: number) => gaussianNoise({ seed, prompt: text, stepIndex, length });
    const conditioning = await pipeline.encode([text]);
    let sample = noise(0);
    for (const [i, timestep] of scheduler.timesteps.entries()) {
      const [output] = await pipeline.denoise([sample], timestep, conditioning);
      sample = scheduler.step(output!, i, sample, { noise: scheduler.needsNoise(i) ? noise(i + 1) : null }).prevSample;
    }
    const [planar] = await pipeline.decode([sample]);
    const plainImage = imageFromPlanar(planar!, 32, 32);
    const image = images![p]!;
    if ('failed' in image) throw new Error(image.failed);
    expect([image.width, image.height]).toEqual([32, 32]);
    expect(Math.max(...image.data.map((value, i) => Math.abs(value - plainImage.data[i]!)))).toBeLessThanOrEqual(1);
    const [plain] = await clip!.score([{ image: plainImage, text }]);
    termsOf(evaluations![p]!)[0]!.forEach((value, t) =>
      expect(Math.abs(value - plain![t]!), `${TERM_NAMES[t]} of pair ${p}`).toBeLessThanOrEqual(1e-4),
    );
  }
  expect(scheduler.needsNoise(0)).toBe(true);
});

test('progress rises to 1, and a checkpoint may stop the work', async () => {
  const engine = await open('w4a8');
  const shares: number[] = [];
  await engine.score(CANDIDATES, PAIRS, { onProgress: (share) => shares.push(share) });
  expect(shares.length).toBeGreaterThan(3);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBeLessThanOrEqual(1);
  let checkpoints = 0;
  const stop = async () => {
    checkpoints += 1;
    if (checkpoints === 2) throw new Error('enough');
  };
  await expect(engine.score(CANDIDATES, PAIRS, { checkpoint: stop })).rejects.toThrow('enough');
  expect(checkpoints).toBe(2);
});

describe("the engine's thread", () => {
  // The thread runs compiled code: `npm test` builds it first.
  const CLIENT = new URL('../../dist/inference/engine/engine-client.js', import.meta.url).href;
  const roots = mkdtempSync(join(tmpdir(), 'qsched-engine-'));
  const network = (model = 'shapes') => ({ model, precision: 'w4a8', options: {}, network: '0'.repeat(64) });
  const scorer = (role: string) => ({ role, name: role, names: [...TERM_NAMES], fingerprint: '0'.repeat(64) });
  const job = (over: Partial<ScoreRequest> = {}): ScoreRequest => ({
    version: WIRE_VERSION,
    network: network(),
    scorers: ROLES.map(scorer),
    schedule: BASELINE,
    prompts: PAIRS.map(({ text }) => ({ text, nouns: null })),
    pairs: PAIRS.map(({ seed }, prompt) => [prompt, seed]),
    candidates: COEFFICIENTS.map((coefficients) => ({ coefficients, pairs: null })),
    keepImages: false,
    ...over,
  });
  /** [candidate][scorer] */
  const valuesOf = ({ candidates }: ScoreResult): Float64Array[][] =>
    candidates.map(({ values }) => values.map((text) => decodeFloats(text)));
  let client: EngineClient;
  let first: ScoreResult;

  beforeAll(async () => {
    cpSync(join(ROOTS[0]!, 'shapes-clip'), join(roots, 'own-clip'), { recursive: true });
    const before = process.env['QSCHED_MODELS'];
    process.env['QSCHED_MODELS'] = [ROOTS[0], roots].join(':');
    const { startEngine: start } = (await import(CLIENT)) as EngineModule;
    client = start({ batch: BATCH, threads: 1 });
    if (before === undefined) delete process.env['QSCHED_MODELS'];
    else process.env['QSCHED_MODELS'] = before;
    first = await client.score(job());
  });
  afterAll(async () => {
    await client.close();
    rmSync(roots, { recursive: true, force: true });
  });

  test('gives the bits that the engine gives here', async () => {
    const here = await (await open('w4a8')).score(CANDIDATES, PAIRS);
    expect(first.scorers).toEqual(ROLES.map((role) => ({ scorer: role, names: TERM_NAMES })));
    expect(first.candidates.map(({ failed }) => failed)).toEqual(SCHEDULES.map(() => []));
    expect(valuesOf(first)).toEqual(
      here.map((row) =>
        ROLES.map((_, s) => Float64Array.from(row.flatMap((evaluation) => [...termsOf(evaluation)[s]!]))),
      ),
    );
    expect(first.runtimeSeconds).toBeGreaterThan(0);
  });

  test('leaves our event loop free while it computes', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    let progressed = 0;
    await client.score(job(), {
      onProgress: () => {
        progressed += 1;
      },
    });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    expect(progressed).toBeGreaterThan(3);
  });

  test('names failures by place, and returns no number for them', async () => {
    const bad = { sample: [1e300, 1], noise: [1, 1] };
    const candidates = [
      { coefficients: bad, pairs: [0, 1] },
      { coefficients: COEFFICIENTS[1]!, pairs: [2] },
    ];
    const result = await client.score(job({ candidates }));
    expect(result.candidates.map(({ failed }) => failed)).toEqual([
      [0, 1].map((at) => ({ at, reason: expect.stringContaining('not finite') as string })),
      [],
    ]);
    expect([...valuesOf(result)[0]![0]!].every(Number.isNaN)).toBe(true);
    expect(valuesOf(result)[1]![0]).toEqual(
      valuesOf(first)[1]![0]!.slice(2 * TERM_NAMES.length, 3 * TERM_NAMES.length),
    );
  });

  test('can be cancelled in the middle, before its turn, and before it is sent', async () => {
    const many = job({
      candidates: Array.from({ length: 60 }, (_, k) => ({
        coefficients: { sample: [1 + k / 1000, 1], noise: [1, 1] },
        pairs: null,
      })),
    });
    const [running, queued] = [new AbortController(), new AbortController()];
    const stopped = client.score(many, {
      signal: running.signal,
      onProgress: () => {
        queued.abort();
        running.abort();
      },
    });
    const waiting = client.score(many, { signal: queued.signal });
    const after = client.score(job());
    await expect(stopped).rejects.toThrow('Cancelled.');
    await expect(waiting).rejects.toThrow('Cancelled.');
    expect((await after).candidates).toEqual(first.candidates);
    await expect(client.score(job(), { signal: AbortSignal.abort() })).rejects.toThrow('Cancelled.');
  });

  test('reports errors of wrong input as final, with their hints, and continues', async () => {
    const error = await client.score(job({ network: network('shapess') })).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: 'QschedError',
      code: 'usage',
      final: true,
      message: 'There is no model "shapess".',
      hint: expect.stringContaining('shapes') as string,
    });
    expect((await client.score(job())).candidates).toEqual(first.candidates);
  });

  test('scores with the files as they are now, not with those that it loaded before', async () => {
    const own = job({ scorers: [scorer('own-clip')] });
    const rows = async () => valuesOf(await client.score(own)).map((row) => row[0]);
    expect(await rows()).toEqual(valuesOf(first).map((row) => row[0]));
    cpSync(join(ROOTS[0]!, 'shapes-clip-second'), join(roots, 'own-clip'), { recursive: true });
    expect(await rows()).toEqual(valuesOf(first).map((row) => row[1]));
  });

  test('once closed takes no more jobs', async () => {
    const { startEngine: start } = (await import(CLIENT)) as EngineModule;
    const other = start({ batch: BATCH, threads: 1 });
    const lost = other.score(job());
    const [ended] = await Promise.allSettled([lost, other.close()]);
    expect(ended).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('The scoring thread ended') as string },
    });
    await expect(other.score(job())).rejects.toThrow('The scoring thread ended');
  });
});
