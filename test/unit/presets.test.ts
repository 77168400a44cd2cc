/** Presets in specs: what they fill in, what wins over them, and what is refused. */
import { describe, expect, it } from 'vitest';
import { evaluateIdOf, searchIdOf } from '../../contract/content-id.js';
import type { QschedError } from '../../contract/errors.js';
import { PRESET_NAMES } from '../../contract/names.js';
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
    expect(searchIdOf({ model: 'shapes' })).toBe('shapes-w4a8-cma-es-1533a996');
    expect(searchIdOf({ model: 'shapes', preset: 'tcd' })).not.toBe(searchIdOf({ model: 'shapes' }));
    expect(evaluateIdOf({ rows: [{ model: 'm', preset: 'tcd' }] })).not.toBe(evaluateIdOf({ rows: [{ model: 'm' }] }));
  });
});
