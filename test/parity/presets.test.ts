/**
 * Every preset against pinned diffusers, called as the models' authors call it: timesteps, sigmas, initial noise, input
 * scales and the samples of whole trajectories.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRESET_NAMES, type PresetName } from '../../contract/names.js';
import { PRESETS } from '../../contract/presets.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { typesFor } from '../../diffusion/other-sampler.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import type { Scheduler } from '../../diffusion/scheduler.js';

interface Case {
  preset: PresetName;
  steps: number;
  config: Record<string, unknown>;
  latentShape: [number, number, number];
  timesteps: number[];
  sigmas?: number[];
  initNoiseSigma: number;
  inputScale: number[];
  samples: number[][];
}

const { pool, cases } = JSON.parse(
  readFileSync(new URL('../golden/diffusion/presets.json', import.meta.url), 'utf8'),
) as { pool: { initial: number[]; outputs: number[][]; noise: number[][] }; cases: Case[] };

const chosen = ({ preset, steps }: Pick<Case, 'preset' | 'steps'>) =>
  parseSearchSpec({ model: 'm', preset, scheduler: { steps } }).scheduler;
const scheduled = (one: Case): Scheduler =>
  schedulerOf({ schedulerConfig: one.config, latentShape: one.latentShape }, chosen(one));

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(actual).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - expected[i]!) / Math.max(1, Math.abs(expected[i]!))),
    0,
  );
}

describe.each(
  cases.map((one) => [`${one.preset}, ${one.steps} steps on ${String(one.config['_class_name'])}`, one] as const),
)('%s', (_, one) => {
  it("has diffusers' timesteps, sigmas, initial noise and input scales", () => {
    const scheduler = scheduled(one);
    expect(scheduler.timesteps).toEqual(one.timesteps);
    expect(worst([scheduler.initNoiseSigma], [one.initNoiseSigma])).toBeLessThan(1e-6);
    const scales = one.timesteps.map((__, i) => scheduler.inputScale(i));
    expect(worst(scales, one.inputScale)).toBeLessThan(1e-6);
    if (scheduler.type.startsWith('flow')) {
      expect(
        worst(
          scheduler.timesteps.map((t) => t / 1000),
          one.sigmas!.slice(0, -1),
        ),
      ).toBeLessThan(1e-7);
    }
  });

  it("has diffusers' samples after every step, within 2e-5", () => {
    const scheduler = scheduled(one);
    let x: Float32Array = Float32Array.from(pool.initial, (value) => value * scheduler.initNoiseSigma);
    one.samples.forEach((expected, i) => {
      const noise = Float32Array.from(pool.noise[i]!);
      x = scheduler.step(Float32Array.from(pool.outputs[i]!), i, x, { noise }).prevSample;
      expect(worst(x, expected), `step ${i}`).toBeLessThan(2e-5);
    });
  });
});

describe('the table of presets', () => {
  it.each(PRESET_NAMES)('%s is compared at every number of steps that it is for, and fits the configs', (name) => {
    const own = cases.filter(({ preset }) => preset === name);
    expect(new Set(own.map(({ steps }) => steps))).toEqual(new Set(PRESETS[name].steps));
    for (const { config } of own) expect(typesFor(config)).toContain(PRESETS[name].scheduler.type);
  });

  it('holds one-step models that start from unit noise long before abar is 0', () => {
    for (const preset of ['dmd2-1-step', 'hyper-sd-1-step'] as const) {
      const one = cases.find((each) => each.preset === preset)!;
      expect(scheduled(one).initNoiseSigma).toBe(1);
      expect(one.timesteps[0]).toBeLessThan(900);
    }
  });
});
