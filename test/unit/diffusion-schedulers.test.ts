/**
 * Schedulers: properties that hold for all of them, noise levels, and what they reject.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alphasCumprod, type BetaConfig } from '../../diffusion/betas.js';
import { applyFused } from '../../diffusion/fused.js';
import { dynamicShift } from '../../diffusion/flow-shift.js';
import { fluxSigmas } from '../../diffusion/flow-sigmas.js';
import { SCHEDULER_TYPES } from '../../contract/names.js';
import { createScheduler, type Scheduler } from '../../diffusion/scheduler.js';
import type { TimestepOptions } from '../../diffusion/definition.js';
import type { QschedError } from '../../contract/errors.js';
import { fuseStep, runStep, type StepPlan } from '../../diffusion/step-plan.js';

const betas = (
  JSON.parse(readFileSync(new URL('../golden/diffusion/betas.json', import.meta.url), 'utf8')) as {
    betas: { config: BetaConfig; abar: number[] }[];
  }
).betas;

const value = fc.float({ min: -3, max: 3, noNaN: true });
const coefficient = fc.double({ min: 0.8, max: 1.2, noNaN: true });
const type = fc.constantFrom<string>(...SCHEDULER_TYPES);
const steps = fc.integer({ min: 1, max: 16 });

/** Any scheduler, without clipping, with eta if it takes one. */
function make(name: string, count: number, eta = 0): Scheduler {
  const clip = name === 'consistency' ? { clip_denoised: false } : name === 'ddim' ? { clip_sample: false } : {};
  const scheduler = createScheduler({ type: name, ...clip });
  scheduler.setTimesteps(count, name === 'tcd' || name === 'ddim' ? { eta } : {});
  return scheduler;
}

describe('alphasCumprod', () => {
  it.each(betas)('is torch, bit for bit: $config', ({ config, abar }) => {
    const all = alphasCumprod(config);
    const shown = config.num_train_timesteps === 1000 ? all.filter((_, i) => i % 7 === 0) : all;
    expect(Array.from(shown)).toEqual(abar.map(Math.fround));
  });
});

describe('every scheduler', () => {
  it('has strictly falling timesteps', () => {
    fc.assert(
      fc.property(type, steps, (name, count) => {
        const { timesteps } = make(name, count);
        expect(timesteps).toHaveLength(count);
        timesteps.slice(1).forEach((t, i) => expect(t).toBeLessThan(timesteps[i]!));
      }),
    );
  });

  it('gives whole timesteps without repetition at every spacing and number of steps', () => {
    for (const timestep_spacing of ['leading', 'trailing', 'linspace']) {
      for (let count = 1; count <= 50; count++) {
        const scheduler = createScheduler({ type: 'ddim', timestep_spacing });
        scheduler.setTimesteps(count);
        const { timesteps } = scheduler;
        expect(timesteps.every((t) => Number.isInteger(t) && t >= 0 && t < 1000)).toBe(true);
        expect(new Set(timesteps).size).toBe(count);
      }
    }
  });

  it('is unchanged by coefficients of 1', () => {
    fc.assert(
      fc.property(type, steps, value, value, value, (name, count, x, m, z) => {
        const scheduler = make(name, count, 0.3);
        const [sample, output, noise] = [Float32Array.of(x), Float32Array.of(m), Float32Array.of(z)];
        for (let i = 0; i < count; i++) {
          expect(scheduler.step(output, i, sample, { noise, coefficients: { sample: 1, noise: 1 } })).toEqual(
            scheduler.step(output, i, sample, { noise }),
          );
        }
        const ones = new Array<number>(count).fill(1);
        expect(scheduler.fused({ sample: ones, noise: ones })).toEqual(scheduler.fused());
      }),
    );
  });

  it('fused equals stepped over whole trajectories, to 3e-6 in float32', () => {
    fc.assert(
      fc.property(
        type,
        steps,
        fc.constantFrom(0, 0.3, 1),
        fc.infiniteStream(value),
        fc.infiniteStream(coefficient),
        (name, count, eta, numbers, scales) => {
          const draw = (): Float32Array => Float32Array.from({ length: 3 }, () => numbers.next().value);
          const c = {
            sample: Array.from({ length: count }, () => scales.next().value),
            noise: Array.from({ length: count }, () => scales.next().value),
          };
          const scheduler = make(name, count, eta);
          const schedule = scheduler.fused(c);
          let stepped: Float32Array = draw().map((z) => z * scheduler.initNoiseSigma);
          const fused = Float32Array.from(stepped);
          schedule.steps.forEach((step, i) => {
            const [m, z] = [draw(), draw()];
            const magnitude = stepped.map(
              (x, j) => Math.abs(step.a * x) + Math.abs(step.b * m[j]!) + Math.abs(step.n * z[j]!),
            );
            stepped = scheduler.step(m, i, stepped, {
              noise: z,
              coefficients: { sample: c.sample[i]!, noise: c.noise[i]! },
            }).prevSample;
            applyFused(step, fused, m, scheduler.needsNoise(i) ? z : null, fused);
            fused.forEach((x, j) =>
              expect(Math.abs(x - stepped[j]!)).toBeLessThanOrEqual(3e-6 * Math.max(1, magnitude[j]!)),
            );
            fused.set(stepped);
          });
        },
      ),
    );
  });

  it('adds no noise in the last step, and none at all if it is deterministic', () => {
    fc.assert(
      fc.property(type, steps, (name, count) => {
        const scheduler = make(name, count, 1);
        expect(scheduler.needsNoise(count - 1)).toBe(false);
        const drawing = Array.from({ length: count }, (_, i) => scheduler.needsNoise(i)).slice(0, -1);
        const stochastic = !['euler', 'flow-match-euler'].includes(name);
        expect(drawing.every((draws) => draws === stochastic)).toBe(true);
      }),
    );
    expect([0, 1, 2, 3].some((i) => make('tcd', 4, 0).needsNoise(i))).toBe(false);
  });

  it('comes back the same from its own configuration', () => {
    fc.assert(
      fc.property(type, steps, (name, count) => {
        const scheduler = make(name, count, 0.3);
        const again = createScheduler({ type: name, ...(JSON.parse(JSON.stringify(scheduler.config)) as object) });
        again.setTimesteps(count, name === 'tcd' || name === 'ddim' ? { eta: 0.3 } : {});
        expect(again.fused()).toEqual(scheduler.fused());
        expect(JSON.parse(JSON.stringify(scheduler.fused()))).toEqual(scheduler.fused());
      }),
    );
  });
});

describe('a step in float64', () => {
  it('equals its fused form to 1e-6 relative', () => {
    const weight = fc.double({ min: -20, max: 20, noNaN: true });
    fc.assert(
      fc.property(fc.array(weight, { minLength: 9, maxLength: 9 }), coefficient, coefficient, (w, cx, ceps) => {
        const [x, m, z] = [w[6]!, w[7]!, w[8]!];
        const plan: StepPlan = {
          timestep: 1,
          inputScale: 1,
          x0: { x: w[0]!, m: w[1]! },
          clip: null,
          prev: { x0: w[2]!, x: w[3]!, m: w[4]!, z: w[5]! },
        };
        const out = new Float64Array(1);
        runStep(
          plan,
          { sample: cx, noise: ceps },
          Float64Array.of(x),
          Float64Array.of(m),
          Float64Array.of(z),
          out,
          null,
        );
        const { a, b, n } = fuseStep('tcd', plan, { sample: cx, noise: ceps });
        const magnitude = Math.abs(a * x) + Math.abs(b * m) + Math.abs(n * z);
        expect(Math.abs(out[0]! - (a * x + b * m + n * z))).toBeLessThanOrEqual(1e-6 * Math.max(1, magnitude));
      }),
    );
  });
});

describe('applyFused', () => {
  const step = { timestep: 1, inputScale: 1, a: 2, b: 3, d: [10, 20], n: 0 };

  it('adds one offset per channel', () => {
    const out = new Float32Array(4);
    applyFused(step, Float32Array.of(1, 1, 1, 1), Float32Array.of(0, 1, 0, 1), null, out, 2);
    expect([...out]).toEqual([12, 15, 22, 25]);
  });

  it('refuses missing noise, other lengths and other channels', () => {
    const [x, m, out] = [new Float32Array(4), new Float32Array(4), new Float32Array(4)];
    expect(() => applyFused({ ...step, d: 0, n: 1 }, x, m, null, out)).toThrow(/adds noise, but none was given/);
    expect(() => applyFused({ ...step, d: 0 }, x, new Float32Array(3), null, out)).toThrow(
      'modelOutput has 3 numbers, but the sample has 4.',
    );
    expect(() => applyFused(step, x, m, null, out)).toThrow(/offset for 2 channels/);
    expect(() => applyFused(step, x, m, null, out, 4)).toThrow(/offset for 2 channels/);
  });
});

describe('flow matching', () => {
  it('takes the sigmas that FLUX passes, which are not those of a bare number of steps', () => {
    const scheduler = createScheduler({ _class_name: 'FlowMatchEulerDiscreteScheduler' });
    scheduler.setTimesteps(4, { sigmas: fluxSigmas(4) });
    expect(scheduler.timesteps).toEqual([1000, 750, 500, 250]);
    scheduler.setTimesteps(4);
    expect(scheduler.timesteps.map((t) => Math.round(t))).toEqual([1000, 667, 334, 1]);
  });

  it('shifts from 0.5 at 256 tokens to 1.15 at 4096', () => {
    expect(dynamicShift(256)).toBeCloseTo(0.5, 12);
    expect(dynamicShift(4096)).toBeCloseTo(1.15, 12);
  });
});

describe('timesteps and sigmas that are given', () => {
  const refusal = (type: string, options: TimestepOptions, steps = 2) => {
    try {
      createScheduler({ type }).setTimesteps(steps, options);
    } catch (error) {
      return error as QschedError;
    }
    throw new Error('was not refused');
  };

  it.each(['tcd', 'lcm', 'euler', 'flow-match-euler', 'flow-match-lcm'])('%s takes timesteps', (name) => {
    const scheduler = createScheduler({ type: name });
    scheduler.setTimesteps(4, { timesteps: [999, 749, 499, 249] });
    expect(scheduler.timesteps).toEqual([999, 749, 499, 249]);
  });

  it.each(['ddim', 'euler-ancestral'])('%s takes none, as in diffusers', (name) => {
    expect(refusal(name, { timesteps: [999, 499] }).message).toBe(
      `The scheduler "${name}" has no option timesteps (it is [999,499]).`,
    );
  });

  it.each([
    ['tcd', { timesteps: [999] }, 'timesteps has 1 numbers, but the schedule has 2 steps.'],
    [
      'tcd',
      { timesteps: [499, 999] },
      'timesteps is [499, 999]: must fall strictly, whole numbers from 999 down to 0.',
    ],
    ['lcm', { timesteps: [1000, 1] }, /must fall strictly, whole numbers from 999 down to 0/],
    ['lcm', { timesteps: [900.5, 1] }, /whole numbers/],
    ['consistency', { timesteps: [40, 1] }, /from 39 down to 0/],
    ['euler', { timesteps: [999.5, 1] }, /numbers from 999 down to 0/],
    [
      'euler',
      { timesteps: [999, 1], sigmas: [2, 1] },
      'sigmas and timesteps are both given: each determines the other.',
    ],
    ['euler', { sigmas: [1, 0] }, /must fall strictly, within \(0, 1000000\]/],
    ['flow-match-euler', { timesteps: [1000, 0] }, /must fall strictly, numbers from 1000/],
    ['scm', { timesteps: [1.6, 1] }, /must fall strictly, numbers from 1.5708/],
    ['scm', { sigmas: [1, 0.5] }, 'The scheduler "scm" has no option sigmas (it is [1,0.5]).'],
  ] as const)('%s refuses %j', (name, options, message) => {
    const error = refusal(name, options);
    expect(error.code).toBe('usage');
    expect(error.message).toMatch(message);
    expect(error.hint).not.toBe('');
  });
});

describe('what a scheduler refuses', () => {
  it.each([
    [{}, /neither a type nor a _class_name/],
    [{ type: 'tdc' }, /Unknown scheduler type "tdc"/],
    [{ _class_name: 'PNDMScheduler' }, /Unknown scheduler class "PNDMScheduler"/],
    [{ type: 'tcd', _class_name: 'LCMScheduler' }, /different schedulers/],
    [{ type: 'tcd', clip_sample: true }, /clip_sample is true/],
    [{ type: 'lcm', thresholding: true }, /thresholding is true/],
    [{ type: 'ddim', rescale_betas_zero_snr: true }, /rescale_betas_zero_snr is true/],
    [
      { type: 'tcd', beta_schedule: 'squaredcos_cap_v2' },
      /beta_schedule is "squaredcos_cap_v2": must be one of linear, scaled_linear/,
    ],
    [{ type: 'tcd', trained_betas: [0.1] }, /trained_betas is \[0.1\]/],
    [{ type: 'euler', use_karras_sigmas: true }, /use_karras_sigmas is true/],
    [{ type: 'euler', interpolation_type: 'log_linear' }, /interpolation_type is "log_linear"/],
    [
      { type: 'euler-ancestral', prediction_type: 'sample' },
      /prediction_type is "sample": must be one of epsilon, v_prediction/,
    ],
    [{ type: 'ddim', timestep_spacing: 'even' }, /timestep_spacing is "even"/],
    [{ type: 'flow-match-euler', use_karras_sigmas: true }, /use_karras_sigmas is true/],
    [{ type: 'flow-match-lcm', scale_factors: [0.5] }, /scale_factors is \[0.5\]/],
    [{ type: 'flow-match-euler', shift_terminal: 1 }, /shift_terminal is 1: must be a number from 0 to 0.999/],
    [{ type: 'scm', prediction_type: 'epsilon' }, /prediction_type is "epsilon": must be one of trigflow/],
    [{ type: 'tcd', num_train_timesteps: 0 }, /num_train_timesteps is 0/],
    [{ type: 'tcd', original_inference_steps: 2.5 }, /original_inference_steps is 2.5: must be a whole number/],
    [{ type: 'tcd', beta_start: '0.1' }, /beta_start is "0.1": must be a number/],
    [{ type: 'tcd', steps: 4 }, /unknown key "steps"/],
    [{ type: 'consistency', clip_denoised: 1 }, /clip_denoised is 1: must be true or false/],
  ])('%j', (config, message) => {
    expect(() => createScheduler(config)).toThrow(message);
  });

  it('but not the bookkeeping of published configurations', () => {
    const turbo = {
      _class_name: 'EulerAncestralDiscreteScheduler',
      _diffusers_version: '0.24.0',
      beta_end: 0.012,
      beta_schedule: 'scaled_linear',
      beta_start: 0.00085,
      clip_sample: false,
      interpolation_type: 'linear',
      num_train_timesteps: 1000,
      prediction_type: 'epsilon',
      sample_max_value: 1,
      set_alpha_to_one: false,
      skip_prk_steps: true,
      steps_offset: 1,
      timestep_spacing: 'trailing',
      trained_betas: null,
      use_karras_sigmas: false,
    };
    expect(createScheduler(turbo).type).toBe('euler-ancestral');
  });

  it.each([0, 51, 2.5, Number.NaN])('%s steps', (count) => {
    expect(() => createScheduler({ type: 'tcd' }).setTimesteps(count)).toThrow(
      `steps is ${count}: the scheduler "tcd" takes a whole number from 1 to 50.`,
    );
  });

  it('options that do not fit, and what comes too early or too long', () => {
    const scheduler = createScheduler({ type: 'tcd' });
    expect(() => scheduler.timesteps).toThrow(/no timesteps yet/);
    expect(() => scheduler.setTimesteps(4, { eta: 1.5 })).toThrow(/eta is 1.5: must be a number from 0 to 1/);
    expect(() => createScheduler({ type: 'tcd', original_inference_steps: 10 }).setTimesteps(11)).toThrow(
      /from 1 to 10/,
    );
    expect(() => createScheduler({ type: 'lcm' }).setTimesteps(4, { eta: 0.3 })).toThrow(/no option eta/);
    expect(() => createScheduler({ type: 'flow-match-euler', use_dynamic_shifting: true }).setTimesteps(4)).toThrow(
      /mu is undefined/,
    );
    expect(() => createScheduler({ type: 'flow-match-euler' }).setTimesteps(2, { sigmas: [0.5, 1] })).toThrow(
      /must fall strictly/,
    );
    expect(() => createScheduler({ type: 'flow-match-euler', shift_terminal: 0.02 }).setTimesteps(1)).toThrow(
      /stretches from the first sigma to the last/,
    );
    expect(() => createScheduler({ type: 'ddim', steps_offset: 900 }).setTimesteps(4)).toThrow(/steps_offset is 900/);
    scheduler.setTimesteps(2, { eta: 0.3 });
    expect(() => scheduler.inputScale(2)).toThrow(/Step 2 does not exist/);
    expect(() => scheduler.step(new Float32Array(2), 0, new Float32Array(2))).toThrow(
      /Step 0 adds noise: none was given/,
    );
    expect(() => scheduler.step(new Float32Array(2), 0, new Float32Array(3))).toThrow(
      /modelOutput has 2 numbers, but the sample has 3/,
    );
    expect(() => scheduler.fused({ sample: [1], noise: [1, 1] })).toThrow(
      'coefficients.sample has 1 numbers, but the schedule has 2 steps.',
    );
    expect(() => scheduler.fused({ sample: [1, Number.POSITIVE_INFINITY], noise: [1, 1] })).toThrow(
      'coefficients.sample[1] is Infinity',
    );
  });
});
