/** The scoring engine on the bundled models: a score depends on its key alone, and a thread of its own computes it. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { identityCoefficients } from '../../diffusion/coefficients.js';
import type { FusedSchedule, FusedStep } from '../../diffusion/fused.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { clip as clipKind, TERM_NAMES } from '../../inference/scorers/clip.js';
import type { EngineClient, startEngine } from '../../inference/engine/engine-client.js';
import type { ScoreJob, ScoreJobResult } from '../../inference/engine/engine-messages.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { schedulerOf } from '../../inference/prepare/prepare.js';
import { openScorerFolder } from '../../inference/scorers/scorer-folder.js';
import {
  openScoringEngine,
  type EngineCandidate,
  type Evaluation,
  type Pair,
  type ScoringEngine,
} from '../../inference/engine/scoring-engine.js';
import { openTextToImage } from '../../inference/models/text-to-image.js';
import { imageFromPlanar } from '../../metrics/images/image.js';
import { QschedError } from '../../contract/errors.js';

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
const fused = (sample: number[], noise: number[]): FusedSchedule => scheduler.fused({ sample, noise });

/** The last two share their first step. */
const SCHEDULES: readonly FusedSchedule[] = [
  fused([1, 1], [1, 1]),
  fused([0.95, 1], [1.04, 1]),
  fused([0.97, 0.9], [1, 1.1]),
  fused([0.97, 1.05], [1, 0.9]),
];
const CANDIDATES: readonly EngineCandidate[] = SCHEDULES.map((schedule) => ({ schedule, pairs: EVERYTHING }));

const opened: ScoringEngine[] = [];
async function open(precision: string, threads = 1): Promise<ScoringEngine> {
  const model = modelOf(precision);
  const engine = await openScoringEngine(
    model,
    ROLES.map((role) => openScorerFolder(role, model, ROOTS)),
    { batch: BATCH, threads },
  );
  opened.push(engine);
  return engine;
}
afterAll(async () => {
  for (const engine of opened) await engine.release();
});

function termsOf(evaluation: Evaluation): Float64Array[] {
  if ('failed' in evaluation) throw new Error(evaluation.failed);
  return evaluation.terms.map((terms) => {
    if (typeof terms === 'string') throw new Error(terms);
    return terms;
  });
}

describe('a score depends on nothing but its key', () => {
  let expected: Float64Array[][][];
  let engine: ScoringEngine;
  const all = async (of: ScoringEngine, candidates = CANDIDATES, pairs = PAIRS) =>
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

  test('the same engine says it again, from its caches', async () => {
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

  test('in blocks of one pair, each scored before the next is drawn', async () => {
    const model = modelOf('w4a8');
    const folders = ROLES.map((role) => openScorerFolder(role, model, ROOTS));
    const small = await openScoringEngine(model, folders, { batch: BATCH, threads: 1 }, { latents: 1, images: 1 });
    opened.push(small);
    const scored = vi.spyOn(small.scorers[0]!, 'score');
    expect(await all(small)).toEqual(expected);
    expect(scored.mock.calls.map(([images]) => images.map(({ text }) => text))).toEqual(
      PAIRS.map(({ text }) => SCHEDULES.map(() => text)),
    );
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
  const broken = (change: Partial<FusedStep>, at = 0): FusedSchedule => ({
    ...SCHEDULES[0]!,
    steps: SCHEDULES[0]!.steps.map((step, i) => (i === at ? { ...step, ...change } : step)),
  });

  test.each([
    ['NaN in the first step', broken({ a: NaN })],
    ['NaN in the last step', broken({ b: NaN }, 1)],
    ['an infinite weight', broken({ b: Infinity })],
    ['a coefficient beyond float32', fused([1e300, 1], [1, 1])],
    ['an offset that is not finite', broken({ d: -Infinity }, 1)],
  ])('%s is a failure with a reason, and leaves its neighbours alone', async (_, schedule) => {
    const engine = opened[0]!;
    const [whole] = await engine.score([CANDIDATES[0]!], PAIRS);
    const [bad, good] = await engine.score([{ schedule, pairs: EVERYTHING }, CANDIDATES[0]!], PAIRS);
    for (const evaluation of bad!) {
      expect(evaluation).toEqual({ failed: expect.stringMatching(/^the latent has \d+ values that are not finite$/) });
    }
    expect(good).toEqual(whole);
  });

  test('coefficients that are no numbers do not reach the engine', () => {
    expect(() => scheduler.fused({ sample: [NaN, 1], noise: [1, 1] })).toThrow(QschedError);
    expect(() => scheduler.fused({ sample: [1], noise: [1] })).toThrow(QschedError);
  });
});

test('without coefficients it is the plain loop of the scheduler', async () => {
  const model = modelOf('fp32');
  const options = { batch: BATCH, threads: 1 };
  const engine = await open('fp32');
  const networks = await openTextToImage(model, options);
  const clip = await clipKind.open(openScorerFolder('objective', model, ROOTS), options);
  const candidate = { schedule: scheduler.fused(identityCoefficients(CHOICE.steps)), pairs: EVERYTHING };
  const [evaluations] = await engine.score([candidate], PAIRS);
  const [images] = await engine.generate([candidate], PAIRS);
  for (const [p, { text, seed }] of PAIRS.entries()) {
    const noise = (stepIndex: number) =>
      gaussianNoise({ seed, prompt: text, stepIndex, length: networks.latentLength });
    const hidden = await networks.encodeTexts([text]);
    let sample = noise(0);
    for (const [i, timestep] of scheduler.timesteps.entries()) {
      const [output] = await networks.denoise([sample], timestep, hidden);
      sample = scheduler.step(output!, i, sample, { noise: scheduler.needsNoise(i) ? noise(i + 1) : null }).prevSample;
    }
    const [planar] = await networks.decode([sample]);
    const plainImage = imageFromPlanar(planar!, 32, 32);
    const image = images![p]!;
    if ('failed' in image) throw new Error(image.failed);
    expect([image.width, image.height]).toEqual([32, 32]);
    expect(Math.max(...image.data.map((value, i) => Math.abs(value - plainImage.data[i]!)))).toBeLessThanOrEqual(1);
    const [plain] = await clip.score([{ image: plainImage, text }]);
    termsOf(evaluations![p]!)[0]!.forEach((value, t) =>
      expect(Math.abs(value - plain![t]!), `${TERM_NAMES[t]} of pair ${p}`).toBeLessThanOrEqual(1e-4),
    );
  }
  expect(scheduler.needsNoise(0)).toBe(true);
  await networks.release();
  await clip.release();
});

test('progress rises to 1, and a breath may stop the work', async () => {
  const engine = opened[0]!;
  const shares: number[] = [];
  await engine.score(CANDIDATES, PAIRS, { onProgress: (share) => shares.push(share) });
  expect(shares.length).toBeGreaterThan(3);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBeLessThanOrEqual(1);
  let breaths = 0;
  const stop = async () => {
    breaths += 1;
    if (breaths === 2) throw new Error('enough');
  };
  await expect(engine.score(CANDIDATES, PAIRS, { checkpoint: stop })).rejects.toThrow('enough');
  expect(breaths).toBe(2);
});

describe("the engine's thread", () => {
  // The thread runs compiled code: `npm test` builds it first.
  const CLIENT = new URL('../../dist/inference/engine/engine-client.js', import.meta.url).href;
  const roots = mkdtempSync(join(tmpdir(), 'qsched-engine-'));
  const job = (over: Partial<ScoreJob> = {}): ScoreJob => ({
    identity: { model: 'shapes', precision: 'w4a8', scorers: ROLES },
    schedules: SCHEDULES,
    wanted: SCHEDULES.map(() => EVERYTHING),
    pairs: PAIRS,
    ...over,
  });
  let client: EngineClient;
  let first: ScoreJobResult;

  beforeAll(async () => {
    cpSync(join(ROOTS[0]!, 'shapes-clip'), join(roots, 'own-clip'), { recursive: true });
    const before = process.env['QSCHED_MODELS'];
    process.env['QSCHED_MODELS'] = [ROOTS[0], roots].join(':');
    const { startEngine: start } = (await import(CLIENT)) as EngineModule;
    client = start({ batch: BATCH, threads: 1, provider: 'cpu' });
    if (before === undefined) delete process.env['QSCHED_MODELS'];
    else process.env['QSCHED_MODELS'] = before;
    first = await client.score(job());
  });
  afterAll(async () => {
    await client.close();
    rmSync(roots, { recursive: true, force: true });
  });

  test('gives the bits that the engine gives here', async () => {
    const here = await opened[0]!.score(CANDIDATES, PAIRS);
    expect(first.scorers).toEqual(ROLES);
    expect(first.names).toEqual(ROLES.map(() => TERM_NAMES));
    expect(first.failed).toEqual(SCHEDULES.map(() => []));
    expect(first.values).toEqual(
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

  test('names failures by place, and gives no number for them', async () => {
    const bad = { ...SCHEDULES[0]!, steps: SCHEDULES[0]!.steps.map((step) => ({ ...step, a: NaN })) };
    const result = await client.score(job({ schedules: [bad, SCHEDULES[1]!], wanted: [[0, 1], [2]] }));
    expect(result.failed).toEqual([
      [0, 1].map((at) => ({ at, reason: expect.stringContaining('not finite') as string })),
      [],
    ]);
    expect([...result.values[0]![0]!].every(Number.isNaN)).toBe(true);
    expect(result.values[1]![0]).toEqual(first.values[1]![0]!.slice(2 * TERM_NAMES.length, 3 * TERM_NAMES.length));
  });

  test('can be cancelled in the middle, before its turn, and before it is sent', async () => {
    const many = job({
      schedules: Array.from({ length: 60 }, (_, k) => fused([1 + k / 1000, 1], [1, 1])),
      wanted: Array.from({ length: 60 }, () => EVERYTHING),
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
    expect((await after).values).toEqual(first.values);
    await expect(client.score(job(), { signal: AbortSignal.abort() })).rejects.toThrow('Cancelled.');
  });

  test('says what is wrong with a job as we would, and continues', async () => {
    const error = await client
      .score(job({ identity: { model: 'shapess', precision: 'w4a8', scorers: ROLES } }))
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: 'QschedError',
      code: 'usage',
      message: 'There is no model "shapess".',
      hint: expect.stringContaining('shapes') as string,
    });
    expect((await client.score(job())).values).toEqual(first.values);
  });

  test('scores with the files that are there now, not with those it once loaded', async () => {
    const own = job({ identity: { model: 'shapes', precision: 'w4a8', scorers: ['own-clip'] } });
    expect((await client.score(own)).values.map((row) => row[0])).toEqual(first.values.map((row) => row[0]));
    cpSync(join(ROOTS[0]!, 'shapes-clip-second'), join(roots, 'own-clip'), { recursive: true });
    expect((await client.score(own)).values.map((row) => row[0])).toEqual(first.values.map((row) => row[1]));
  });

  test('once closed takes no more jobs', async () => {
    const { startEngine: start } = (await import(CLIENT)) as EngineModule;
    const other = start({ batch: BATCH, threads: 1, provider: 'cpu' });
    const lost = other.score(job());
    const [ended] = await Promise.allSettled([lost, other.close()]);
    expect(ended).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('The scoring thread ended') as string },
    });
    await expect(other.score(job())).rejects.toThrow('The scoring thread ended');
  });
});
