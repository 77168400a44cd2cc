/** PTQD's calibration: both networks along the full-precision trajectory; and what a study makes of scores. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { besideIdentity } from '../../cli/text/side-by-side.js';
import { applyFused } from '../../diffusion/fused.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { applyPtqd } from '../../diffusion/ptqd.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { measureOverhead } from '../../inference/engine/overhead.js';
import { schedulerOf } from '../../inference/prepare/prepare.js';
import { fitNetworks, fitOnTrajectories, type FitNetworks } from '../../inference/engine/ptqd-fit.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { encodeFloats } from '../../contract/float-text.js';
import type { CompareResult } from '../../contract/study-payloads.js';

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
    const job = {
      model: 'shapes',
      reference: 'fp32',
      schedule: schedule(),
      pairs: [
        { text: 'a red circle', seed: 0 },
        { text: 'a blue square', seed: 1 },
      ],
      options: { gamma: 'std', bias: 'channel' } as const,
    };
    const same = await fitOnTrajectories({ ...job, precision: 'fp32' }, { batch: 2, threads: 1 });
    expect(same.map(({ gamma, variance }) => [gamma, variance])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const corrected = applyPtqd(job.schedule, same).steps;
    corrected.forEach(({ a, b, n }, i) =>
      expect({ a, b, n }).toEqual((({ a: A, b: B, n: N }) => ({ a: A, b: B, n: N }))(job.schedule.steps[i]!)),
    );
    const other = await fitOnTrajectories({ ...job, precision: 'w4a8' }, { batch: 2, threads: 1 });
    for (const fit of other) {
      expect(Math.abs(fit.gamma)).toBeLessThan(0.2);
      expect(fit.variance).toBeGreaterThan(0);
      expect(fit.mu).toHaveLength(6);
    }
  });
});

describe('side by side', () => {
  const variant = (
    name: string,
    cosines: number[],
    failed: { at: number; reason: string }[] = [],
  ): CompareResult['variants'][number] => ({
    name,
    result: {
      trials: [
        {
          index: 0,
          coefficients: { sample: [1], noise: [1] },
          evaluations: cosines.map((_, i) => i),
          failed,
          scorers: ['objective', 'second'].map((scorer) => ({
            scorer,
            names: ['cosine', 'clip-iqa.quality'],
            values: encodeFloats(Float64Array.from(cosines.flatMap((cosine) => [cosine, 0.5]))),
          })),
        },
      ],
      seconds: 0,
      runtimeSeconds: 0,
      worker: '',
    },
  });
  const objectives = ['objective', 'second'].map((scorer) => ({
    scorer,
    plan: planObjective({ type: 'jaq-clip', k: 2, scorer }),
  }));

  it('gives every scorer the gains over the identity, paired by prompt and seed', () => {
    const rows = besideIdentity({
      prompts: 2,
      seeds: 2,
      objectives,
      variants: [
        variant('identity', [0.1, 0.2, 0.3, 0.4]),
        variant('ptqd', [0.2, 0.3, 0.4, 0.5]),
        variant('q-sched', [0.1, 0.2, 0.3, 0.4]),
      ],
    });
    expect(rows.map(({ scorer, schedule: name }) => `${scorer} ${name}`)).toEqual([
      'objective identity',
      'objective ptqd',
      'objective q-sched',
      'second identity',
      'second ptqd',
      'second q-sched',
    ]);
    expect(rows[0]).toMatchObject({ gain: 0, low: 0, high: 0 });
    expect(rows[0]!.score).toBeCloseTo(2.5 * 0.25 + 1, 12);
    expect(rows[1]!.gain).toBeCloseTo(0.25, 12);
    expect(rows[1]!.low).toBeCloseTo(0.25, 9);
    expect(rows[2]).toMatchObject({ gain: 0, low: 0, high: 0 });
  });

  it('refuses images that failed', () => {
    expect(() =>
      besideIdentity({
        prompts: 2,
        seeds: 1,
        objectives,
        variants: [variant('identity', [0.1, 0.2]), variant('ptqd', [0.2, NaN], [{ at: 1, reason: 'not finite' }])],
      }),
    ).toThrow('1 images of "ptqd" failed: not finite.');
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
