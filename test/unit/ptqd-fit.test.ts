/** PTQD's calibration: both networks along the full-precision trajectory. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyFused } from '../../diffusion/fused.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { applyPtqd } from '../../diffusion/ptqd.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { measureOverhead } from '../../inference/engine/overhead.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { fitJob, fitNetworks, type FitNetworks } from '../../inference/engine/ptqd-fit.js';
import type { FitPtqdRequest } from '../../contract/wire/fit.js';
import { toWireSchedule } from '../../contract/wire/schedule.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';

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
  return scheduler.fused();
}

/** e = tanh(x) with a word of the text in it; q = 1.25 e + a bias per channel. */
function fakes(seen: { reference: Float32Array[][]; quantised: Float32Array[][] }): FitNetworks {
  const full = (x: Float32Array, hidden: Float32Array): Float32Array => x.map((v) => Math.tanh(v) + hidden[0]!);
  return {
    channels: CHANNELS,
    reference: {
      latentLength: LENGTH,
      encodeTexts: async (texts) => texts.map((text) => Float32Array.of(text.charCodeAt(0) / 1000)),
      denoise: async (inputs, _, hidden) => {
        seen.reference.push(inputs.map((x) => x.slice()));
        return inputs.map((x, i) => full(x, hidden[i]!));
      },
    },
    quantised: {
      denoise: async (inputs, _, hidden) => {
        seen.quantised.push(inputs.map((x) => x.slice()));
        return inputs.map((x, i) => full(x, hidden[i]!).map((v, j) => 1.25 * v + (j < LENGTH / 2 ? 0.5 : -0.25)));
      },
    },
  };
}

describe('a fit', () => {
  it('finds the bias that was put into each channel', async () => {
    const seen: { reference: Float32Array[][]; quantised: Float32Array[][] } = { reference: [], quantised: [] };
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

  it('corrects an error of scale and bias away: what is left has no variance', async () => {
    const networks = fakes({ reference: [], quantised: [] });
    const scaled: FitNetworks = {
      ...networks,
      quantised: {
        denoise: async (inputs, t, hidden) =>
          (await networks.reference.denoise(inputs, t, hidden)).map((e) => e.map((v) => 1.25 * v + 0.5)),
      },
    };
    for (const fit of await fitNetworks(scaled, schedule(), PAIRS, { gamma: 'std', bias: 'step' })) {
      expect(fit.gamma).toBeCloseTo(0.25, 6);
      expect(fit.mu).toBeCloseTo(0.5, 6);
      expect(fit.variance).toBeLessThan(1e-12);
    }
  });

  it('shows both networks the same inputs: those of the full-precision trajectory', async () => {
    const seen: { reference: Float32Array[][]; quantised: Float32Array[][] } = { reference: [], quantised: [] };
    const shares: number[] = [];
    await fitNetworks(fakes(seen), schedule(), PAIRS, {}, { onProgress: (share) => shares.push(share) });
    expect(seen.quantised).toEqual(seen.reference);
    expect(shares).toEqual([1 / 3, 2 / 3, 1]);
    PAIRS.forEach(({ text, seed }, p) => {
      const draw = (stepIndex: number) => gaussianNoise({ seed, prompt: text, stepIndex, length: LENGTH });
      const x = draw(0);
      schedule().steps.forEach((step, i) => {
        expect(seen.reference[i]![p]).toEqual(x);
        applyFused(
          step,
          x,
          x.map((v) => Math.tanh(v) + Math.fround(text.charCodeAt(0) / 1000)),
          step.n === 0 ? null : draw(i + 1),
          x,
          CHANNELS,
        );
      });
    });
  });

  it('of the bundled network against itself changes nothing; of the quantised one, something', async () => {
    const network = (precision: string) => ({ model: 'shapes', precision, options: {}, network: '0'.repeat(64) });
    const baseline = schedule();
    const fit = async (precision: string) => {
      const request: FitPtqdRequest = {
        version: WIRE_VERSION,
        quantised: network(precision),
        reference: network('fp32'),
        schedule: toWireSchedule(baseline),
        prompts: ['a red circle', 'a blue square'].map((text) => ({ text, nouns: null })),
        pairs: [
          [0, 0],
          [1, 1],
        ],
        gamma: 'std',
        bias: 'channel',
      };
      const made = await fitJob(request, { batch: 2, threads: 1 });
      expect(made).toMatchObject({ version: WIRE_VERSION, trajectories: 2, denoiserRows: 12 });
      return made.fits;
    };
    const same = await fit('fp32');
    expect(same.map(({ gamma, variance }) => [gamma, variance])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const corrected = applyPtqd(baseline, same).steps;
    corrected.forEach(({ a, b, n }, i) =>
      expect({ a, b, n }).toEqual((({ a: A, b: B, n: N }) => ({ a: A, b: B, n: N }))(baseline.steps[i]!)),
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
