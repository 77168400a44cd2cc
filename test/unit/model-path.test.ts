/** A model by its path: its folder's parent joins the model roots, and its name stands for it. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { modelArgument, plainModel } from '../../cli/input/model-path.js';
import { recallModel, rememberModels } from '../../cli/input/remembered-models.js';
import { readSpec } from '../../cli/input/spec-input.js';
import { findModel, packageRoot } from '../../inference/models/model-roots.js';
import { writeTinyStableDiffusion } from './tiny-stable-diffusion.js';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qsched-path-')));
  vi.stubEnv('QSCHED_MODELS', '');
  vi.stubEnv('QSCHED_DATA', join(folder, 'data'));
  mkdirSync(join(folder, 'data'));
  writeTinyStableDiffusion(join(folder, 'models', 'mine'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('a plain name remains as it is', () => {
  expect(plainModel('shapes')).toBe('shapes');
  expect(plainModel('absent')).toBe('absent');
  expect(process.env['QSCHED_MODELS']).toBe('');
});

describe('a path', () => {
  test('gives the name of the folder, which is found from then on, here and in processes started later', () => {
    expect(plainModel('models/mine/', folder)).toBe('mine');
    expect(findModel('mine')).toBe(join(folder, 'models', 'mine'));
    expect(process.env['QSCHED_MODELS']).toBe(join(folder, 'models'));
    expect(modelArgument('mine')).toBe(join(folder, 'models', 'mine'));
    expect(modelArgument('shapes')).toBe('shapes');
  });

  test('of a folder that is found already changes nothing', () => {
    plainModel('./models/mine', folder);
    plainModel('./models/mine', folder);
    symlinkSync(join(folder, 'models'), join(folder, 'same'));
    plainModel('./same/mine', folder);
    expect(plainModel(join(packageRoot(), 'models', 'shapes'))).toBe('shapes');
    expect(process.env['QSCHED_MODELS']).toBe(join(folder, 'models'));
  });

  test('follows the roots of the user', () => {
    vi.stubEnv('QSCHED_MODELS', join(folder, 'others'));
    plainModel('models/mine', folder);
    expect(process.env['QSCHED_MODELS']).toBe([join(folder, 'others'), join(folder, 'models')].join(delimiter));
  });

  test('to nothing, to a folder with a name that no spec can hold, and to another model of the same name is refused', () => {
    expect(() => plainModel('./absent', folder)).toThrow(`There is no folder ${join(folder, 'absent')}.`);
    cpSync(join(folder, 'models', 'mine'), join(folder, 'my model'), { recursive: true });
    expect(() => plainModel('./my model', folder)).toThrow(/"my model" cannot be that of a model/);
    cpSync(join(folder, 'models', 'mine'), join(folder, 'shapes'), { recursive: true });
    expect(() => plainModel('./shapes', folder)).toThrow(
      `"shapes" is the model ${join(packageRoot(), 'models', 'shapes')} already`,
    );
    expect(process.env['QSCHED_MODELS']).toBe('');
  });

  test('in a spec file starts from the folder of the file', () => {
    writeFileSync(join(folder, 'models', 'mine', 'qsched.json'), '{"scorers": {"objective": "shapes-clip"}}');
    writeFileSync(join(folder, 'spec.yaml'), 'model: ./models/mine\nprecision: fp32\n');
    expect(readSpec(join(folder, 'spec.yaml'), {}).spec.model).toBe('mine');
    expect(findModel('mine')).toBe(join(folder, 'models', 'mine'));
  });
});

test('a model that was given by its path is found again by later commands of the same data folder', () => {
  plainModel('models/mine', folder);
  rememberModels(join(folder, 'data'));
  vi.stubEnv('QSCHED_MODELS', '');
  expect(() => findModel('mine')).toThrow(/no model "mine"/);
  recallModel('mine');
  expect(findModel('mine')).toBe(join(folder, 'models', 'mine'));
  vi.stubEnv('QSCHED_MODELS', '');
  rmSync(join(folder, 'models'), { recursive: true });
  recallModel('mine');
  expect(process.env['QSCHED_MODELS']).toBe('');
});
