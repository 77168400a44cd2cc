/** Sampling one model with another scheduler: what carries over, what is left behind, what is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configFor, familyOf, leftBehind, leftBehindNote, typesFor } from '../../diffusion/other-sampler.js';
import { parsePythonJson } from '../../inference/models/python-json.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { schedulerOf, type SchedulerSource } from '../../diffusion/scheduler-of.js';
import { parseSearchSpec } from '../../contract/validate.js';

const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../golden/diffusion/${name}.json`, import.meta.url), 'utf8')) as {
    complete: Record<string, unknown>;
  };
const shapes: SchedulerSource = {
  schedulerConfig: JSON.parse(
    readFileSync(new URL('../../models/shapes/scheduler/scheduler_config.json', import.meta.url), 'utf8'),
  ) as Record<string, unknown>,
  latentShape: [4, 8, 8],
};
const ALPHAS = ['tcd', 'lcm', 'ddim', 'euler', 'euler-ancestral'] as const;
const withConfig = (schedulerConfig: Record<string, unknown>): SchedulerSource => ({ ...shapes, schedulerConfig });
const FLUX = {
  _class_name: 'FlowMatchEulerDiscreteScheduler',
  num_train_timesteps: 1000,
  shift: 1,
  use_dynamic_shifting: false,
};

describe('the scheduler of a model', () => {
  it('stays what it was for tcd: the fused schedule that contexts hash', () => {
    const before = createScheduler({ ...shapes.schedulerConfig, _class_name: 'TCDScheduler' });
    before.setTimesteps(4, { eta: 0.3 });
    expect(
      schedulerOf(shapes, parseSearchSpec({ model: 'shapes', scheduler: { eta: 0.3 } }).scheduler).fused(),
    ).toEqual(before.fused());
  });

  it.each([
    ['tcd', [999, 759, 499, 259]],
    ['lcm', [999, 759, 499, 259]],
    ['ddim', [751, 501, 251, 1]],
    ['euler', [751, 501, 251, 1]],
    ['euler-ancestral', [751, 501, 251, 1]],
  ] as const)('%s on the bundled model', (type, timesteps) => {
    const scheduler = schedulerOf(shapes, { type, steps: 4, eta: 0 });
    expect(scheduler.type).toBe(type);
    expect(scheduler.timesteps).toEqual(timesteps);
    expect(scheduler.fused().steps).toHaveLength(4);
    expect(scheduler.config).toMatchObject({
      beta_start: 0.00085,
      beta_end: 0.012,
      beta_schedule: 'scaled_linear',
      prediction_type: 'epsilon',
    });
  });

  it.each(['ddim', 'euler', 'euler-ancestral'] as const)('%s with trailing spacing', (type) => {
    expect(schedulerOf(shapes, { type, steps: 4, eta: 0, spacing: 'trailing' }).timesteps).toEqual([
      999, 749, 499, 249,
    ]);
  });

  it.each(ALPHAS.flatMap((from) => ALPHAS.map((to) => [from, to] as const)))(
    'a complete %s config serves %s',
    (from, to) => {
      const config = { ...golden(from).complete, clip_sample: false };
      expect(schedulerOf(withConfig(config), { type: to, steps: 2, eta: 0 }).timesteps).toHaveLength(2);
    },
  );

  it('leaves the options of other samplers behind, and keeps what the network was trained with', () => {
    const config = {
      _class_name: 'DPMSolverMultistepScheduler',
      beta_start: 0.001,
      beta_end: 0.02,
      beta_schedule: 'linear',
      prediction_type: 'v_prediction',
      solver_order: 2,
      algorithm_type: 'dpmsolver++',
      use_karras_sigmas: true,
    };
    expect(configFor('tcd', config)).toEqual({
      _class_name: 'TCDScheduler',
      beta_start: 0.001,
      beta_end: 0.02,
      beta_schedule: 'linear',
      prediction_type: 'v_prediction',
    });
    expect(() => createScheduler(configFor('euler', config))).toThrow(
      /use_karras_sigmas is true, which is not supported/,
    );
    expect(() => createScheduler(configFor('tcd', { ...config, rescale_betas_zero_snr: true }))).toThrow(
      /rescale_betas_zero_snr is true/,
    );
    expect(configFor('tcd', { ...config, of_its_own: 1 })).toEqual(configFor('tcd', config));
    expect(leftBehind('tcd', { ...config, of_its_own: 1 })).toEqual([
      'solver_order',
      'algorithm_type',
      'use_karras_sigmas',
      'of_its_own',
    ]);
    const own = { ...config, _class_name: 'TCDScheduler', of_its_own: 1 };
    expect(() => createScheduler(configFor('tcd', own))).toThrow(/unknown key "of_its_own"/);
  });

  it.each(['DPMSolverMultistepScheduler', 'UniPCMultistepScheduler', 'DEISMultistepScheduler'])(
    'reads a config of %s as diffusers writes it, and names the options that it leaves behind',
    (className) => {
      const config = parsePythonJson(
        `\uFEFF{"_class_name": "${className}", "_diffusers_version": "0.42.1", "beta_start": 0.00085, "beta_end": 0.012,
        "beta_schedule": "scaled_linear", "prediction_type": "epsilon", "lambda_min_clipped": -Infinity,
        "time_shift_type": "exponential", "corrector_order": 2, "of_a_later_release": [Infinity, NaN, "-Infinity"]}`,
      ) as Record<string, unknown>;
      expect(config).toMatchObject({
        lambda_min_clipped: -Infinity,
        of_a_later_release: [Infinity, Number.NaN, '-Infinity'],
      });
      for (const type of ALPHAS) {
        expect(schedulerOf(withConfig(config), { type, steps: 4, eta: 0 }).timesteps).toHaveLength(4);
        expect(leftBehindNote(type, config)).toBe(
          `The model's scheduler_config.json is that of ${className}, which qsched does not have; "${type}" samples it, ` +
            'without lambda_min_clipped, time_shift_type, corrector_order, of_a_later_release.',
        );
      }
      expect(leftBehindNote('euler', shapes.schedulerConfig)).toBeNull();
    },
  );

  it("takes FLUX's sigmas, and its dynamic shift by packed tokens", () => {
    expect(schedulerOf(withConfig(FLUX), { type: 'flow-match-euler', steps: 4, eta: 0 }).timesteps).toEqual([
      1000, 750, 500, 250,
    ]);
    const shifted = schedulerOf(
      {
        ...withConfig({
          ...FLUX,
          use_dynamic_shifting: true,
          base_shift: 0.5,
          max_shift: 1.15,
          base_image_seq_len: 256,
          max_image_seq_len: 4096,
        }),
        latentShape: [16, 128, 128],
      },
      { type: 'flow-match-euler', steps: 2, eta: 0 },
    );
    const M = Math.exp(1.15);
    expect(shifted.timesteps[1]).toBeCloseTo((1000 * M) / (M + 1), 3);
  });
});

describe("a flow model's own files", () => {
  const DYNAMIC = { ...FLUX, use_dynamic_shifting: true };
  const source = (modelIndex: Record<string, unknown>, size = 128, config: Record<string, unknown> = DYNAMIC) =>
    ({ schedulerConfig: config, latentShape: [16, size, size], modelIndex }) as const;
  const timesteps = (model: SchedulerSource, choice: object = {}) =>
    schedulerOf(model, { type: 'flow-match-euler', steps: 4, eta: 0, ...choice }).timesteps;
  const shiftOf = (t: number) => Math.log(t / (1000 - t) / 3); // of sigma .75: e^mu = (sigma' / (1 - sigma')) / 3

  it('FLUX.2 computes its shift from tokens and steps, with a jump at 4,300 tokens', () => {
    const flux2 = { _class_name: 'Flux2KleinPipeline' };
    expect(shiftOf(timesteps(source(flux2))[1]!)).toBeCloseTo(2.291, 2);
    expect(shiftOf(timesteps(source(flux2, 132))[1]!)).toBeCloseTo(1.194, 2);
    expect(timesteps(source({}), { mu: 'flux2' })).toEqual(timesteps(source(flux2)));
  });

  it("Krea's distilled models have a fixed one, and others the line of their config", () => {
    const krea = { _class_name: 'Krea2Pipeline', is_distilled: true };
    expect(shiftOf(timesteps(source(krea, 64))[1]!)).toBeCloseTo(1.15, 5);
    expect(shiftOf(timesteps(source({ ...krea, is_distilled: false }, 32))[1]!)).toBeCloseTo(0.5, 5);
  });

  it('Stable Diffusion 3 leaves the noise levels to the scheduler', () => {
    const config = { ...FLUX, shift: 3 };
    const own = timesteps(source({ _class_name: 'StableDiffusion3Pipeline' }, 128, config));
    expect(own.at(-1)).toBeCloseTo(8.93, 1);
    expect(timesteps(source({}, 128, config), { spacing: 'linspace' })).toEqual(own);
    expect(timesteps({ ...source({}, 128, config), pipeline: 'sd3' })).toEqual(own);
    expect(timesteps(source({}, 128, config)).at(-1)).toBeCloseTo(500, 5);
  });

  it.each(['sample_sigmas', 'distilled_sigmas'])('%s are taken where their number is that of the steps', (key) => {
    const model = source({ [key]: [1, 0.9, 0.6, 0.3] }, 128, FLUX);
    expect(timesteps(model).map(Math.round)).toEqual([1000, 900, 600, 300]);
    expect(timesteps(model, { steps: 2 })).toEqual([1000, 500]);
    expect(timesteps(model, { sigmas: [1, 0.8, 0.4, 0.2] }).map(Math.round)).toEqual([1000, 800, 400, 200]);
  });

  it('a shift or mu of the spec replaces all shifting of the config', () => {
    const config = { ...DYNAMIC, shift_terminal: 0.02 };
    expect(timesteps(source({}, 128, config), { shift: 1 })).toEqual([1000, 750, 500, 250]);
    expect(timesteps(source({}, 128, config), { mu: Math.log(3) })[1]).toBeCloseTo(900, 3);
    expect(timesteps(source({}, 128, config)).at(-1)).toBeCloseTo(20, 3);
  });
});

describe('what does not fit is refused by name', () => {
  it('a kind of schedule that the model was not trained on', () => {
    expect(() => schedulerOf(shapes, { type: 'flow-match-euler', steps: 4, eta: 0 })).toThrow(
      'scheduler.type is "flow-match-euler", but the model predicts epsilon over a schedule of betas (TCDScheduler in its scheduler_config.json).',
    );
    expect(() => schedulerOf(withConfig(FLUX), { type: 'tcd', steps: 4, eta: 0 })).toThrow(
      /but the model is a rectified flow/,
    );
    expect(() => schedulerOf(shapes, { type: 'consistency', steps: 4, eta: 0 })).toThrow(/"consistency"/);
    expect(typesFor(shapes.schedulerConfig)).toEqual(ALPHAS);
    expect(typesFor({ _class_name: 'CMStochasticIterativeScheduler' })).toEqual(['consistency']);
  });

  it('a class that nobody knows', () => {
    expect(() => familyOf({ _class_name: 'FancyScheduler' })).toThrow('Unknown scheduler class "FancyScheduler".');
  });

  it('eta and spacing if the scheduler has none', () => {
    expect(() => schedulerOf(shapes, { type: 'euler', steps: 4, eta: 0.5 })).toThrow(
      'The scheduler "euler" has no option eta',
    );
    expect(() => schedulerOf(shapes, { type: 'lcm', steps: 4, eta: 0, spacing: 'trailing' })).toThrow(
      'scheduler.spacing is "trailing", but the timesteps of the scheduler "lcm" are fixed by its method.',
    );
    expect(() => parseSearchSpec({ model: 'shapes', scheduler: { type: 'ddmi' } })).toThrow(/scheduler.type is "ddmi"/);
    expect(() => parseSearchSpec({ model: 'shapes', scheduler: { type: 'ddim', spacing: 'karras' } })).toThrow(
      /scheduler.spacing is "karras"/,
    );
  });

  it('shifts where nothing is shifted, two shifts, and spacings that flow matching does not have', () => {
    const refused = (model: SchedulerSource, choice: object) => () =>
      schedulerOf(model, { type: 'flow-match-euler', steps: 4, eta: 0, ...choice });
    expect(refused(shapes, { type: 'lcm', shift: 3 })).toThrow(
      'scheduler.shift is 3, but the scheduler "lcm" shifts nothing: it is for flow matching.',
    );
    expect(refused(shapes, { type: 'tcd', mu: 'flux2' })).toThrow(/scheduler.mu is "flux2", but/);
    expect(refused(withConfig(FLUX), { mu: 1, shift: 2 })).toThrow(/both replace the shifting/);
    expect(refused(withConfig(FLUX), { spacing: 'leading' })).toThrow(
      /scheduler.spacing is "leading", but flow matching/,
    );
    expect(refused(withConfig(FLUX), { prediction: 'sample' })).toThrow(/scheduler.prediction is "sample"/);
  });

  it('a DDIM model that clips', () => {
    expect(() =>
      schedulerOf(withConfig({ _class_name: 'DDIMScheduler', beta_start: 0.001 }), {
        type: 'ddim',
        steps: 4,
        eta: 0,
      }).fused(),
    ).toThrow(/clips its predicted sample/);
  });
});
