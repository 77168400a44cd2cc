/** Presets in specs: what they fill in, what wins over them, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateIdOf, searchIdOf } from '../../contract/content-id.js';
import type { QschedError } from '../../contract/errors.js';
import { PRESET_NAMES } from '../../contract/names.js';
import { PRESETS } from '../../contract/presets.js';
import { presetsFor, schedulerTypeOf } from '../../diffusion/model-scheduler.js';
import { readModelIndex } from '../../inference/models/model-index.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { readSpec } from '../../cli/input/spec-input.js';

const search = (rest: object) => parseSearchSpec({ model: 'm', ...rest });

function refusal(act: () => unknown): QschedError {
  try {
    act();
  } catch (error) {
    return error as QschedError;
  }
  throw new Error('was not refused');
}

describe('a preset', () => {
  it.each(PRESET_NAMES)('%s fills in the scheduler, and reads the same a second time', (preset) => {
    const once = search({ preset });
    expect(once.scheduler.steps).toBeGreaterThan(0);
    expect(parseSearchSpec(once)).toEqual(once);
  });

  it('gives the published schedule', () => {
    expect(search({ preset: 'dmd2' }).scheduler).toEqual({
      type: 'lcm',
      steps: 4,
      timesteps: [999, 749, 499, 249],
      eta: 0,
    });
    expect(search({ preset: 'sdxl-lightning', scheduler: { steps: 8 } }).scheduler).toEqual({
      type: 'euler',
      steps: 8,
      spacing: 'trailing',
      eta: 0,
    });
  });

  it('gives way to what is written', () => {
    expect(search({ preset: 'tcd', scheduler: { eta: 0 } }).scheduler).toEqual({ type: 'tcd', steps: 4, eta: 0 });
    expect(search({ preset: 'flux.2-dev-turbo', scheduler: { sigmas: [1, 0.5] } }).scheduler).toEqual({
      type: 'flow-match-euler',
      steps: 2,
      sigmas: [1, 0.5],
      mu: 'flux2',
      eta: 0,
    });
    expect(search({ preset: 'dmd2', scheduler: { type: 'euler', sigmas: [9, 3, 1] } }).scheduler).toEqual({
      type: 'euler',
      steps: 3,
      sigmas: [9, 3, 1],
      eta: 0,
    });
    expect(search({ preset: 'krea-2-turbo', scheduler: { shift: 2 } }).scheduler).not.toHaveProperty('mu');
  });

  it('fits rows of a table, and a flag', () => {
    const { rows } = parseEvaluateSpec({
      rows: [
        { model: 'm', preset: 'pcm' },
        { model: 'm', preset: 'sdxl-turbo' },
      ],
    });
    expect(rows.map(({ scheduler }) => scheduler.type)).toEqual(['tcd', 'euler-ancestral']);
    expect(readSpec(undefined, { model: 'm', preset: 'lcm', steps: '2' }).spec.scheduler).toEqual({
      type: 'lcm',
      steps: 2,
      eta: 0,
    });
  });

  it('that nobody knows gets the list, and the nearest one', () => {
    const error = refusal(() => search({ preset: 'sdxl-lighning' }));
    expect(error.message).toBe('preset is "sdxl-lighning", which is not a preset.');
    expect(error.hint).toMatch(/^Did you mean "sdxl-lightning"\? Allowed: lcm, tcd, /);
    const inRow = refusal(() => parseEvaluateSpec({ rows: [{ model: 'm', preset: 3 }] }));
    expect(inRow.message).toBe('rows.0.preset is 3, which is not a preset.');
    const flag = refusal(() => readSpec(undefined, { model: 'm', preset: 'tdc' }));
    expect(flag.message).toBe('--preset is "tdc", which is not a preset.');
  });

  it('refuses a number of steps that its checkpoints are not made for', () => {
    const error = refusal(() => search({ preset: 'hyper-sd', scheduler: { steps: 3 } }));
    expect(error.message).toBe('scheduler.steps is 3, but the preset "hyper-sd" is for 2, 4, 8 steps.');
    expect(error.hint).toContain('Leave the steps out for 4 steps');
  });
});

it('docs/schedules.md has a row for every preset, with its steps and its scheduler', () => {
  const text = readFileSync(new URL('../../docs/schedules.md', import.meta.url), 'utf8');
  for (const name of PRESET_NAMES) {
    const [, steps, scheduler] = new RegExp(`^\\| \`${name}\` \\| ([^|]*) \\| ([^|]*) \\|`, 'm').exec(text) ?? [];
    const { steps: allowed, scheduler: own } = PRESETS[name];
    expect(scheduler, name).toMatch(new RegExp(`^${own.type}\\b`));
    const range = /^(\d+) to (\d+)/.exec(steps!);
    const listed = range
      ? Array.from({ length: Number(range[2]) - Number(range[1]) + 1 }, (_, i) => Number(range[1]) + i)
      : steps!.replace(/ \(.*/, '').split(', ').map(Number);
    expect(new Set(listed), name).toEqual(new Set(allowed));
    if (allowed.length > 1) expect(steps, name).toContain(`(${allowed[0]})`);
  }
});

describe('lists of one number per step', () => {
  it('set the number of steps', () => {
    expect(search({ scheduler: { type: 'lcm', timesteps: [999, 499] } }).scheduler.steps).toBe(2);
  });

  it('have to have it', () => {
    const error = refusal(() => search({ scheduler: { steps: 4, sigmas: [1, 0.5] } }));
    expect(error.message).toBe('scheduler.sigmas has 2 numbers, but scheduler.steps is 4.');
  });

  it('hold numbers', () => {
    expect(() => search({ scheduler: { timesteps: '999,499' } })).toThrow(
      /scheduler.timesteps is "999,499": must be a list/,
    );
    expect(() => search({ scheduler: { mu: 'flux' } })).toThrow(/scheduler.mu is "flux"/);
    expect(() => search({ scheduler: { shift: 0 } })).toThrow(/scheduler.shift is 0: must be above 0/);
  });
});

describe('ids', () => {
  it('do not change for specs without a preset, and differ with one', () => {
    expect(searchIdOf({ model: 'shapes' })).toBe('shapes-w4a8-auto-6b85e6a6');
    expect(searchIdOf({ model: 'shapes', preset: 'tcd' })).not.toBe(searchIdOf({ model: 'shapes' }));
    expect(evaluateIdOf({ rows: [{ model: 'm', preset: 'tcd' }] })).not.toBe(evaluateIdOf({ rows: [{ model: 'm' }] }));
  });
});

describe('the scheduler that a folder names', () => {
  const betas = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };

  it('is taken where qsched has its class', () => {
    expect(schedulerTypeOf('m', 'lcm', { _class_name: 'LCMScheduler', timestep_spacing: 'leading' })).toBe('lcm');
    expect(schedulerTypeOf('m', 'sd15', { _class_name: 'TCDScheduler', timestep_spacing: 'leading' })).toBe('tcd');
    expect(schedulerTypeOf('m', 'flux', { _class_name: 'FlowMatchEulerDiscreteScheduler' })).toBe('flow-match-euler');
    const turbo = { _class_name: 'EulerAncestralDiscreteScheduler', timestep_spacing: 'trailing', ...betas };
    expect(schedulerTypeOf('m', 'sdxl', turbo)).toBe('euler-ancestral');
  });

  it.each(['PNDMScheduler', 'DPMSolverMultistepScheduler', 'UniPCMultistepScheduler', 'HeunDiscreteScheduler'])(
    'is open for %s, and the presets of the family are listed',
    (_class_name) => {
      const found = schedulerTypeOf('pcm', 'sd15', { _class_name, ...betas });
      expect(found).toEqual({
        missing: `scheduler.type is missing: the scheduler_config.json of "pcm" names "${_class_name}", which qsched does not have.`,
        hint:
          'Choose how the model is sampled, by preset (lcm, tcd, pcm, sd-turbo, hyper-sd, hyper-sd-unified, dmd2) ' +
          'or by scheduler.type (tcd, lcm, ddim, euler, euler-ancestral).',
      });
    },
  );

  it("is open where the config is a base model's", () => {
    const base = { _class_name: 'EulerDiscreteScheduler', timestep_spacing: 'leading', steps_offset: 1, ...betas };
    expect(schedulerTypeOf('lightning', 'sdxl', base)).toMatchObject({
      missing: expect.stringContaining(
        'is that of a base model: EulerDiscreteScheduler with leading spacing',
      ) as string,
      hint: expect.stringContaining('sdxl-lightning') as string,
    });
    expect(schedulerTypeOf('m', 'sdxl', betas)).toMatchObject({
      missing: expect.stringContaining('names no scheduler') as string,
    });
  });

  it('has presets for every family that they name', () => {
    for (const name of PRESET_NAMES) {
      for (const family of PRESETS[name].families) expect(presetsFor(family)).toContain(name);
    }
    expect(presetsFor('consistency')).toEqual([]);
  });
});

it('model_index.json and modular_model_index.json are read for how a model is sampled', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-index-'));
  const put = (file: string, value: object) => writeFileSync(join(folder, file), JSON.stringify(value));
  try {
    expect(readModelIndex(folder)).toEqual({});
    put('modular_model_index.json', {
      _class_name: 'Cosmos3Blocks',
      distilled_sigmas: [1, 0.5],
      vae: [null, null, {}],
    });
    expect(readModelIndex(folder)).toEqual({ _class_name: 'Cosmos3Blocks', distilled_sigmas: [1, 0.5] });
    put('model_index.json', {
      _class_name: 'Krea2Pipeline',
      is_distilled: true,
      sample_sigmas: null,
      unet: ['a', 'b'],
    });
    expect(readModelIndex(folder)).toEqual({
      _class_name: 'Krea2Pipeline',
      is_distilled: true,
      distilled_sigmas: [1, 0.5],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
