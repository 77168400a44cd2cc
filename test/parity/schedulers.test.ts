/**
 * Every scheduler against pinned diffusers: timesteps, input scales and samples of whole
 * trajectories, with and without coefficients; and each fused step against the stepped one.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyFused } from '../../diffusion/fused.js';
import type { SchedulerConfig } from '../../diffusion/config-reader.js';
import { createScheduler, type Scheduler } from '../../diffusion/scheduler.js';
import { SCHEDULER_TYPES } from '../../contract/names.js';
import type { TimestepOptions } from '../../diffusion/definition.js';

interface Case {
  config: Record<string, unknown> & { _class_name: string };
  steps: number;
  options: TimestepOptions;
  scaled: boolean;
  initNoiseSigma: number;
  timesteps: number[];
  inputScale?: number[];
  samples: number[][];
  originals?: number[][];
}

interface Golden {
  pool: { initial: number[]; outputs: number[][]; noise: number[][]; sample: number[]; noiseCoefficients: number[] };
  /** What diffusers itself writes as scheduler_config.json. */
  complete: SchedulerConfig;
  cases: Case[];
  ramp?: { steps: number; sumOfMagnitudes: number }[];
}

const read = (name: string): Golden =>
  JSON.parse(readFileSync(new URL(`../golden/diffusion/${name}.json`, import.meta.url), 'utf8')) as Golden;
const titleOf = ({ config, steps, options, scaled }: Case): string =>
  `${JSON.stringify(config)} steps ${steps} ${JSON.stringify(options)}${scaled ? ' coefficients' : ''}`;

/** Largest |actual - expected| / max(1, |expected|). */
function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(actual).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - expected[i]!) / Math.max(1, Math.abs(expected[i]!))),
    0,
  );
}

function coefficientsOf(golden: Golden, { steps, scaled }: Case) {
  const { sample, noiseCoefficients } = golden.pool;
  const ones = new Array<number>(steps).fill(1);
  return scaled
    ? { sample: sample.slice(0, steps), noise: noiseCoefficients.slice(0, steps) }
    : { sample: ones, noise: ones };
}

const ready = ({ config, steps, options }: Case): Scheduler => {
  const scheduler = createScheduler(config);
  scheduler.setTimesteps(steps, options);
  return scheduler;
};

const clips = ({ config }: Case): boolean => {
  const key = config._class_name === 'CMStochasticIterativeScheduler' ? 'clip_denoised' : 'clip_sample';
  return Boolean(config[key] ?? (config._class_name === 'DDIMScheduler' || key === 'clip_denoised'));
};

describe.each([...SCHEDULER_TYPES, 'flow-match-euler-more'])('%s equals diffusers', (name) => {
  const golden = read(name);
  const noiseAt = (i: number): Float32Array => Float32Array.from(golden.pool.noise[i]!);
  const outputAt = (i: number): Float32Array => Float32Array.from(golden.pool.outputs[i]!);

  it('in its defaults: a complete scheduler_config.json reads as one that says nothing', () => {
    const { config, type } = createScheduler(golden.complete);
    expect(config).toEqual(createScheduler({ type }).config);
    for (const [key, value] of Object.entries(config)) expect(golden.complete[key], key).toEqual(value);
  });

  it('in timesteps, initial sigma and input scale', () => {
    for (const one of golden.cases) {
      const scheduler = ready(one);
      if (name === 'consistency') expect(worst(scheduler.timesteps, one.timesteps), titleOf(one)).toBeLessThan(1e-12);
      else expect(scheduler.timesteps, titleOf(one)).toEqual(one.timesteps);
      expect(worst([scheduler.initNoiseSigma], [one.initNoiseSigma]), titleOf(one)).toBeLessThan(1e-6);
      one.timesteps.forEach((_, i) =>
        expect(scheduler.inputScale(i), titleOf(one)).toBeCloseTo(one.inputScale?.[i] ?? 1, 6),
      );
    }
  });

  it('in the samples of every step, within 2e-5', () => {
    for (const one of golden.cases) {
      const scheduler = ready(one);
      const c = coefficientsOf(golden, one);
      let x: Float32Array = Float32Array.from(golden.pool.initial, (value) => value * scheduler.initNoiseSigma);
      one.samples.forEach((expected, i) => {
        const { prevSample, predOriginalSample } = scheduler.step(outputAt(i), i, x, {
          noise: noiseAt(i),
          coefficients: { sample: c.sample[i]!, noise: c.noise[i]! },
        });
        expect(worst(prevSample, expected), `${titleOf(one)} step ${i}`).toBeLessThan(2e-5);
        if (one.originals !== undefined) {
          expect(worst(predOriginalSample, one.originals[i]!), `${titleOf(one)} x0 of step ${i}`).toBeLessThan(2e-5);
        }
        x = prevSample;
      });
    }
  });

  it('in the samples of the fused schedule, within 2e-5; a schedule that clips has none', () => {
    for (const one of golden.cases) {
      const scheduler = ready(one);
      if (clips(one)) {
        expect(() => scheduler.fused(), titleOf(one)).toThrow(/clips its predicted sample/);
        continue;
      }
      const { steps, initNoiseSigma } = scheduler.fused(coefficientsOf(golden, one));
      expect(steps).toHaveLength(one.steps);
      const x = Float32Array.from(golden.pool.initial, (value) => value * initNoiseSigma);
      one.samples.forEach((expected, i) => {
        applyFused(steps[i]!, x, outputAt(i), scheduler.needsNoise(i) ? noiseAt(i) : null, x);
        expect(worst(x, expected), `${titleOf(one)} step ${i}`).toBeLessThan(2e-5);
      });
    }
  });
});

describe('the full TCD loop over a ramp, with the stand-in network x t / (t + 1)', () => {
  const sumOfMagnitudes = (steps: number): number => {
    const scheduler = createScheduler({ type: 'tcd' });
    scheduler.setTimesteps(steps);
    let x: Float32Array = Float32Array.from({ length: 768 }, (_, i) => i / 768);
    scheduler.timesteps.forEach((t, i) => {
      x = scheduler.step(
        x.map((value) => (value * t) / (t + 1)),
        i,
        x,
      ).prevSample;
    });
    return x.reduce((sum, value) => sum + Math.abs(value), 0);
  };

  it.each(read('tcd').ramp!)('$steps steps', ({ steps, sumOfMagnitudes: expected }) => {
    expect(Math.abs(sumOfMagnitudes(steps) - expected)).toBeLessThan(1e-3);
  });

  it('has the sums of diffusers own tests', () => {
    expect(Math.abs(sumOfMagnitudes(1) - 29.8715)).toBeLessThan(1e-3);
    expect(Math.abs(sumOfMagnitudes(10) - 181.204)).toBeLessThan(1e-3);
  });
});

describe('linspace spacing, at the numbers of steps whose middle is next to a half', () => {
  // numpy 2.4.6: linspace(0, 999, n) is 499.49999999999994 there in float64, which DDIM rounds, and 499.5 in float32,
  // which the Euler samplers interpolate at.
  it.each([
    [27, 538, 461],
    [31, 533, 466],
    [47, 521, 478],
  ])('%i steps: DDIM 499, Euler 499.5', (steps, before, after) => {
    const middle = (type: string): readonly number[] => {
      const scheduler = createScheduler({ type, timestep_spacing: 'linspace' });
      scheduler.setTimesteps(steps);
      return scheduler.timesteps.slice((steps - 3) / 2, (steps + 3) / 2);
    };
    expect(middle('ddim')).toEqual([before, 499, after]);
    for (const type of ['euler', 'euler-ancestral']) expect(middle(type)[1]).toBe(499.5);
  });
});
