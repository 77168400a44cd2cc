/** PTQD's calibration: both networks along the full-precision trajectory. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyFused, requireFused } from '../../diffusion/fused.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { applyPtqd } from '../../diffusion/ptqd.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { measureOverhead } from '../../inference/engine/overhead.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { engineParts } from '../../inference/engine/engine-parts.js';
import { fitJob, fitNetworks, type FitNetworks } from '../../inference/engine/fit-job.js';
import { jobTools } from '../../inference/engine/job-tools.js';
import { createSampler } from '../../inference/engine/sampler.js';
import { startReport } from '../../inference/engine/work-report.js';
import type { Pipeline } from '../../inference/pipelines/pipeline.js';
import type { FitPtqdRequest } from '../../contract/wire/fit.js';
import { fromWireSchedule, toWireSchedule } from '../../contract/wire/schedule.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { fakePipeline, type FakeOptions } from './fake-pipeline.js';

const CHANNELS = 2;
const LENGTH = 8;
const PAIRS = [
  { text: 'a', seed: 0 },
  { text: 'b', seed: 0 },
  { text: 'a', seed: 1 },
];

function schedule(eta = 0.3) {
  const scheduler = createScheduler({ type: 'tcd' });
  scheduler.setTimesteps(3, { eta });
  return toWireSchedule(scheduler.fused());
}

interface Seen {
  readonly reference: Float32Array[][];
  readonly quantised: Float32Array[][];
}
const nothing = (): Seen => ({ reference: [], quantised: [] });

/** A pipeline that writes down its inputs, step by step. */
function watched(seen: Float32Array[][], output: NonNullable<FakeOptions['output']>): Pipeline {
  const pipeline = fakePipeline({ latentShape: [CHANNELS, 2, 2], output });
  return {
    ...pipeline,
    denoise: (latents, ...rest) => {
      seen.push(latents.map((x) => x.slice()));
      return pipeline.denoise(latents, ...rest);
    },
  };
}

const full = (x: Float32Array, text: string): Float32Array =>
  x.map((v) => Math.tanh(v) + Math.fround(text.charCodeAt(0) / 1000));

/** e = tanh(x) with a letter of the text in it; q = 1.25 e + a bias per channel. */
function fakes(
  seen: Seen,
  quantise: (e: number, place: number) => number = (e, place) => 1.25 * e + (place < LENGTH / 2 ? 0.5 : -0.25),
): FitNetworks {
  return {
    reference: createSampler(watched(seen.reference, (x, _, text) => full(x, text))),
    quantised: watched(seen.quantised, (x, _, text) => full(x, text).map(quantise)),
  };
}

describe('a fit', () => {
  it('finds the bias that was put into each channel', async () => {
    const seen = nothing();
    const fits = await fitNetworks(fakes(seen), schedule(), PAIRS, { gamma: 'regression', bias: 'channel' });
    fits.forEach(({ method, gamma, mu }, i) => {
      expect(method).toBe('regression');
      [0.5, -0.25].forEach((bias, channel) => {
        const e = seen.reference[i]!.flatMap((x, p) =>
          Array.from(x.slice(channel * 4, channel * 4 + 4), (v) =>
            Math.fround(Math.tanh(v) + Math.fround(PAIRS[p]!.text.charCodeAt(0) / 1000)),
          ),
        );
        const mean = e.reduce((sum, value) => sum + value, 0) / e.length;
        expect((mu as number[])[channel]).toBeCloseTo(bias + (0.25 - gamma) * mean, 6);
      });
    });
  });

  it('removes an error of scale and bias: no variance is left', async () => {
    const scaled = fakes(nothing(), (e) => 1.25 * e + 0.5);
    for (const fit of await fitNetworks(scaled, schedule(), PAIRS, { gamma: 'std', bias: 'step' })) {
      expect(fit.gamma).toBeCloseTo(0.25, 6);
      expect(fit.mu).toBeCloseTo(0.5, 6);
      expect(fit.variance).toBeLessThan(1e-12);
    }
  });

  it('gives both networks the same inputs: those of the full-precision trajectory', async () => {
    const seen = nothing();
    const shares: number[] = [];
    await fitNetworks(fakes(seen), schedule(), PAIRS, {}, { onProgress: (share) => shares.push(share) });
    expect(seen.quantised).toEqual(seen.reference);
    expect(shares).toEqual([1 / 3, 2 / 3, 1]);
    PAIRS.forEach(({ text, seed }, p) => {
      const draw = (stepIndex: number) => gaussianNoise({ seed, prompt: text, stepIndex, length: LENGTH });
      const x = draw(0);
      requireFused(fromWireSchedule(schedule()), 'it is followed').steps.forEach((step, i) => {
        expect(seen.reference[i]![p]).toEqual(x);
        applyFused(step, x, full(x, text), step.n === 0 ? null : draw(i + 1), x, CHANNELS);
      });
    });
  });

  it('changes nothing for the bundled network against itself, and something for the quantised one', async () => {
    const network = (precision: string) => ({ model: 'shapes', precision, options: {}, network: '0'.repeat(64) });
    const baseline = schedule();
    const fit = async (precision: string) => {
      const request: FitPtqdRequest = {
        version: WIRE_VERSION,
        quantised: network(precision),
        reference: network('fp32'),
        schedule: baseline,
        prompts: ['a red circle', 'a blue square'].map((text) => ({ text, nouns: null })),
        pairs: [
          [0, 0],
          [1, 1],
        ],
        gamma: 'std',
        bias: 'channel',
      };
      const parts = engineParts({ batch: 2, threads: 1 });
      const report = startReport();
      const tools = [request.reference, request.quantised].map((one) =>
        jobTools(parts, one, report, () => {
          throw new Error('a fit keeps nothing');
        }),
      );
      const made = await fitJob(request, tools[0]!, tools[1]!);
      expect(made.trajectories).toBe(2);
      // Two trajectories of three steps on two networks.
      expect(report.made()).toMatchObject({ denoiserRows: 12, paddedRows: 12 });
      return made.fits;
    };
    const same = await fit('fp32');
    expect(same.map(({ gamma, variance }) => [gamma, variance])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    applyPtqd(fromWireSchedule(baseline), same).steps.forEach(({ a, b, n }, i) =>
      expect(baseline.steps[i]).toMatchObject({ a, b, n }),
    );
    for (const { gamma, variance, mu } of await fit('w4a8')) {
      expect(Math.abs(gamma)).toBeLessThan(0.2);
      expect(variance).toBeGreaterThan(0);
      expect(mu).toHaveLength(6);
    }
  });
});

it('the overhead of coefficients is measured in pairs', async () => {
  const scheduler = schedulerOf(openModelFolder('shapes', 'w4a8', [join(packageRoot(), 'models')]), {
    type: 'tcd',
    steps: 1,
    eta: 0,
  });
  const result = await measureOverhead(
    openModelFolder('shapes', 'w4a8'),
    scheduler.fused(),
    scheduler.fused({ sample: [0.9], noise: [1.1] }),
    6,
  );
  for (const value of Object.values(result)) expect(value).toBeGreaterThan(0);
  expect(result.low).toBeLessThanOrEqual(result.ratio);
  expect(result.high).toBeGreaterThanOrEqual(result.ratio);
});
