/** Least-squares matching of whole trajectories: a network in closed form, and the bundled one. */
import { describe, expect, it, test } from 'vitest';
import { scaleFused } from '../../contract/schedule-document.js';
import type { FitMatchRequest } from '../../contract/wire/fit.js';
import { fromWireSchedule, toWireSchedule, type WireSchedule } from '../../contract/wire/schedule.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { engineParts } from '../../inference/engine/engine-parts.js';
import { jobTools } from '../../inference/engine/job-tools.js';
import { matchJob, matchNetworks } from '../../inference/engine/match-job.js';
import { createSampler } from '../../inference/engine/sampler.js';
import { sampleBlock } from '../../inference/engine/sampling-loop.js';
import { scoreCandidates } from '../../inference/engine/score-images.js';
import { startReport } from '../../inference/engine/work-report.js';
import { resolveSplit } from '../../inference/prompts/prompt-sets.js';
import { fakePipeline } from './fake-pipeline.js';

const PAIRS = [
  { text: 'a', seed: 0 },
  { text: 'bb', seed: 0 },
  { text: 'a', seed: 1 },
];
const ALL = PAIRS.map((_, i) => i);

function scheduleOf(
  type: 'tcd' | 'lcm' | 'euler-ancestral' | 'flow-match-euler',
  steps: number,
  eta = 0,
): WireSchedule {
  const scheduler = createScheduler({ type });
  scheduler.setTimesteps(steps, type === 'tcd' ? { eta } : {});
  return toWireSchedule(scheduler.fused());
}

const full = (x: Float32Array, timestep: number, text: string): Float32Array =>
  x.map((value, i) => Math.tanh(value + timestep / 2000) + Math.sin(3 * i + text.length) / 4);

/** A network, and one whose output is that of the first times `factor`. */
const networks = (factor: number) => ({
  reference: createSampler(fakePipeline({ latentShape: [2, 2, 2], output: full })),
  quantised: fakePipeline({
    latentShape: [2, 2, 2],
    output: (x, timestep, text) => full(x, timestep, text).map((value) => value * factor),
  }),
});

const schedules = [
  ['tcd', 4, 0],
  ['tcd', 3, 0.3],
  ['lcm', 2, 0],
  ['euler-ancestral', 3, 0],
  ['flow-match-euler', 5, 0],
] as const;

describe('a distortion that coefficients undo', () => {
  test.each(schedules)('is undone in every step: %s, %i steps, eta %d', async (type, steps, eta) => {
    const schedule = scheduleOf(type, steps, eta);
    const shares: number[] = [];
    const both = networks(1.25);
    const fits = await matchNetworks(both, schedule, PAIRS, { onProgress: (share) => shares.push(share) });
    expect(shares).toEqual(Array.from({ length: steps }, (_, i) => (i + 1) / steps));
    for (const { sample, noise, before, after, fixed } of fits) {
      expect(sample).toBeCloseTo(1, 3);
      expect(noise).toBeCloseTo(0.8, 3);
      expect(before).toBeGreaterThan(100 * after);
      expect(after).toBeLessThan(1e-5 * Math.max(1, schedule.initNoiseSigma));
      expect(fixed).toEqual([]);
    }
  });

  test.each(schedules)('the trajectories are those of sampling with the coefficients: %s', async (type, steps, eta) => {
    const schedule = scheduleOf(type, steps, eta);
    const bent = (x: Float32Array, timestep: number, text: string) =>
      full(x, timestep, text).map((value) => 1.1 * value - 0.05 * value ** 2);
    const { reference } = networks(1);
    const quantised = fakePipeline({ latentShape: [2, 2, 2], output: bent });
    const fits = await matchNetworks({ reference, quantised }, schedule, PAIRS);
    const coefficients = { sample: fits.map(({ sample }) => sample), noise: fits.map(({ noise }) => noise) };
    const own = toWireSchedule(scaleFused(fromWireSchedule(schedule), coefficients));
    const candidate = (one: WireSchedule) => [{ schedule: one, pairs: ALL }];
    const [target, reached] = [
      await sampleBlock(reference, candidate(schedule), PAIRS, ALL),
      await sampleBlock(createSampler(quantised), candidate(own), PAIRS, ALL),
    ];
    const differences = target.states.flatMap((row, p) =>
      Array.from(row, (value, i) => value - reached.states[p]![i]!),
    );
    const distance = Math.sqrt(differences.reduce((sum, value) => sum + value ** 2, 0) / differences.length);
    expect(distance / fits.at(-1)!.after).toBeCloseTo(1, 3);
  });
});

test('a scheduler that clips is refused', async () => {
  const scheduler = createScheduler({ _class_name: 'DDIMScheduler', clip_sample: true });
  scheduler.setTimesteps(2);
  await expect(matchNetworks(networks(1), toWireSchedule(scheduler.schedule()), PAIRS)).rejects.toThrow(
    'its steps have no fused form, and a least-squares match fits fused steps.',
  );
});

describe('of the bundled model', () => {
  const network = (precision: string) => ({ model: 'shapes', precision, options: {}, network: '0'.repeat(64) });
  const schedule = scheduleOf('tcd', 4);
  const parts = engineParts({ batch: 20, threads: 1 });
  const match = async (precision: string) => {
    const { texts } = resolveSplit({ set: 'shapes-calibration', count: 6, seeds: [0, 1] }, 'prompts');
    const request: FitMatchRequest = {
      version: WIRE_VERSION,
      quantised: network(precision),
      reference: network('fp32'),
      schedule,
      prompts: texts.map((text) => ({ text, nouns: null })),
      pairs: texts.flatMap((_, i) => [[i, 0] as [number, number], [i, 1] as [number, number]]),
    };
    const report = startReport();
    const [reference, quantised] = [request.reference, request.quantised].map((one) =>
      jobTools(parts, one, report, () => {
        throw new Error('a fit keeps nothing');
      }),
    );
    return { ...(await matchJob(request, reference!, quantised!)), rows: report.made().denoiserRows };
  };

  it('against itself changes nothing', async () => {
    const { fits, trajectories } = await match('fp32');
    expect(trajectories).toBe(12);
    fits.forEach(({ sample, noise, before, after }) => {
      expect(sample).toBeCloseTo(1, 6);
      expect(noise).toBeCloseTo(1, 6);
      expect(Math.max(before, after)).toBeLessThan(1e-6); // rounding of sums
    });
  });

  it('costs two candidates, comes nearer in every step, and gains on held-out prompts', async () => {
    const { fits, rows } = await match('w4a8');
    expect(rows).toBe(2 * 4 * 12);
    for (const { before, after } of fits) expect(after).toBeLessThan(before);
    const coefficients = { sample: fits.map(({ sample }) => sample), noise: fits.map(({ noise }) => noise) };
    const own = toWireSchedule(scaleFused(fromWireSchedule(schedule), coefficients));
    const { texts } = resolveSplit({ set: 'shapes-heldout', count: 60, seeds: [1000] }, 'prompts');
    const pairs = texts.map((text) => ({ text, seed: 1000 }));
    const candidates = [schedule, own].map((one) => ({ schedule: one, pairs: pairs.map((_, i) => i) }));
    const scorer = await parts.scorer(network('w4a8'), 'objective');
    const [cosine, quality] = ['cosine', 'clip-iqa.quality'].map((name) => scorer.names.indexOf(name));
    const scored = await scoreCandidates(await parts.generator(network('w4a8')), [scorer], candidates, pairs);
    const [without, matched] = scored.map((evaluations) =>
      evaluations.map((one) => {
        if (!('terms' in one) || typeof one.terms[0] === 'string') throw new Error('an image failed');
        return 2.5 * Math.max(0, one.terms[0]![cosine!]!) + 2 * one.terms[0]![quality!]!;
      }),
    );
    const gains = matched!.map((score, i) => score - without![i]!);
    const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
    const error = Math.sqrt(gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0)) / gains.length;
    expect(mean - 2 * error).toBeGreaterThan(0);
  });
});
