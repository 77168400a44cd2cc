/**
 * Schedulers that clip their predicted sample, over whole loops as the engine runs them: the schedule crosses the wire,
 * coefficients scale it there, and every sample is that of pinned diffusers.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { imageContext } from '../../artefacts/artefact-keys.js';
import { isClipped } from '../../contract/schedule-step.js';
import { fromWireSchedule, toWireSchedule, WireSchedule } from '../../contract/wire/schedule.js';
import type { TimestepOptions } from '../../diffusion/definition.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { ruleOf, scaleSchedule } from '../../inference/engine/apply-step.js';

interface Case {
  config: Record<string, unknown> & { _class_name: string };
  steps: number;
  options: TimestepOptions;
  scaled: boolean;
  samples: number[][];
}

interface Golden {
  pool: { initial: number[]; outputs: number[][]; noise: number[][]; sample: number[]; noiseCoefficients: number[] };
  cases: Case[];
}

const clipping = ['consistency', 'ddim', 'lcm'].flatMap((name) => {
  const { pool, cases } = JSON.parse(
    readFileSync(new URL(`../golden/diffusion/${name}.json`, import.meta.url), 'utf8'),
  ) as Golden;
  return cases
    .map((one) => {
      const scheduler = createScheduler(one.config);
      scheduler.setTimesteps(one.steps, one.options);
      return { name, pool, one, schedule: scheduler.schedule() };
    })
    .filter(({ schedule }) => schedule.steps.some(isClipped));
});

describe.each(
  clipping.map(
    (each) =>
      [
        `${each.name} ${JSON.stringify(each.one.config)} ${each.one.steps} ${JSON.stringify(each.one.options)}${each.one.scaled ? ' scaled' : ''}`,
        each,
      ] as const,
  ),
)('%s', (_, { pool, one, schedule }) => {
  const wire = WireSchedule.parse(JSON.parse(JSON.stringify(toWireSchedule(schedule))));

  it('equals diffusers within 2e-5 after every step', () => {
    const ones = new Array<number>(one.steps).fill(1);
    const coefficients = one.scaled
      ? { sample: pool.sample.slice(0, one.steps), noise: pool.noiseCoefficients.slice(0, one.steps) }
      : { sample: ones, noise: ones };
    const { steps, initNoiseSigma } = scaleSchedule(wire, coefficients);
    const x = Float32Array.from(pool.initial, (value) => value * initNoiseSigma);
    one.samples.forEach((expected, i) => {
      const rule = ruleOf(steps[i]!);
      const z = rule.needsNoise ? Float32Array.from(pool.noise[i]!) : null;
      rule.apply(x, Float32Array.from(pool.outputs[i]!), z, x, 1);
      expected.forEach((value, k) => expect(Math.abs(x[k]! - value)).toBeLessThan(2e-5 * Math.max(1, Math.abs(value))));
    });
  });

  it('comes back from the wire as it went', () => {
    expect(fromWireSchedule(wire)).toEqual(JSON.parse(JSON.stringify(schedule)));
  });
});

it('there are such schedules of every clipping scheduler, with and without coefficients, and they do clip', () => {
  for (const name of ['consistency', 'ddim', 'lcm']) {
    const own = clipping.filter((each) => each.name === name);
    expect(own.some(({ one }) => one.scaled)).toBe(true);
    expect(own.some(({ one }) => !one.scaled)).toBe(true);
  }
  const [{ schedule }] = clipping as [(typeof clipping)[number]];
  const open = { ...schedule, steps: schedule.steps.map((step) => ({ ...step, clip: 1e9 })) };
  expect(imageContext('network', toWireSchedule(open))).not.toBe(imageContext('network', toWireSchedule(schedule)));
});
