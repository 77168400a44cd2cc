/** Defaults that fit the model, in specs of the command line as in those that workers complete. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readEvaluateSpec } from '../../cli/input/evaluate-input.js';
import { readSpec } from '../../cli/input/spec-input.js';
import { searchIdOf } from '../../contract/content-id.js';
import type { QschedError } from '../../contract/errors.js';
import { settleEvaluation } from '../../contract/settle-evaluate.js';
import { settleSearch } from '../../contract/settle-search.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { inspectNetwork } from '../../inference/describe.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { writeTinyStableDiffusion } from './tiny-stable-diffusion.js';

const BUNDLED = join(packageRoot(), 'models');

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'qsched-defaults-'));
  writeTinyStableDiffusion(join(root, 'mine'));
  vi.stubEnv('QSCHED_MODELS', root);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const addPrecision = (name: string): void =>
  cpSync(join(root, 'mine', 'unet', 'model.onnx'), join(root, 'mine', 'unet', `model_${name}.onnx`));
const addScorer = (name: string): void => cpSync(join(BUNDLED, 'shapes-clip'), join(root, name), { recursive: true });
const settings = (value: object): void => writeFileSync(join(root, 'mine', 'qsched.json'), JSON.stringify(value));
const schedulerConfig = (value: object): void =>
  writeFileSync(join(root, 'mine', 'scheduler', 'scheduler_config.json'), JSON.stringify(value));
const specOf = (flags: Parameters<typeof readSpec>[1] = {}) => readSpec(undefined, { model: 'mine', ...flags }).spec;

/** A model with one quantised network and one scorer. */
function complete(): void {
  addPrecision('w8a8');
  addScorer('clip-score');
}

function refusal(body: () => unknown): Pick<QschedError, 'message' | 'hint'> {
  try {
    body();
  } catch (error) {
    return error as QschedError;
  }
  throw new Error('nothing was refused');
}

describe('a search of the bundled model', () => {
  test('has the spec and the id that it had', () => {
    const { spec, input } = readSpec(undefined, { model: 'shapes' });
    expect(spec).toEqual(parseSearchSpec({ model: 'shapes' }));
    expect(input).toBe(spec);
    expect(searchIdOf(spec)).toBe('shapes-w4a8-auto-6b85e6a6');
    const table = readEvaluateSpec(undefined, { model: 'shapes' }).spec;
    expect(table).toEqual(parseEvaluateSpec({ rows: [{ model: 'shapes' }] }));
  });
});

describe('the precision', () => {
  test('is the only quantised one', () => {
    complete();
    expect(specOf().precision).toBe('w8a8');
    expect(specOf({ precision: 'fp32' }).precision).toBe('fp32');
    expect(readEvaluateSpec(undefined, { model: 'mine' }).spec.rows[0]!.precision).toBe('w8a8');
  });

  test('is asked for if there are several, or none', () => {
    addScorer('clip-score');
    expect(refusal(specOf)).toMatchObject({
      message: '--precision is missing: the model "mine" has no quantised network, only fp32.',
      hint: expect.stringContaining('python tools/quantise_model.py') as string,
    });
    addPrecision('w8a8');
    addPrecision('q4');
    expect(refusal(specOf).message).toBe(
      '--precision is missing: the model "mine" has 2 quantised networks: q4, w8a8.',
    );
    settings({ defaultPrecision: 'q4' });
    expect(specOf().precision).toBe('q4');
    settings({ defaultPrecision: 'w3' });
    expect(refusal(specOf).message).toContain('defaultPrecision is "w3", which the model does not have');
  });
});

describe('the scheduler', () => {
  test('is that of the folder, with the usual number of steps', () => {
    complete();
    expect(specOf().scheduler).toEqual({ type: 'tcd', steps: 4, eta: 0 });
    schedulerConfig({ _class_name: 'LCMScheduler' });
    expect(specOf().scheduler).toEqual({ type: 'lcm', steps: 4, eta: 0 });
    schedulerConfig({ _class_name: 'EulerDiscreteScheduler', timestep_spacing: 'trailing' });
    expect(specOf().scheduler).toEqual({ type: 'euler', steps: 1, eta: 0 });
    expect(specOf({ steps: '3' }).scheduler.steps).toBe(3);
  });

  test('is that of qsched.json, whose eta does not go with another type', () => {
    complete();
    settings({ scheduler: { type: 'ddim', steps: 8, eta: 0.3 } });
    expect(specOf().scheduler).toEqual({ type: 'ddim', steps: 8, eta: 0.3 });
    expect(specOf({ scheduler: 'tcd' }).scheduler).toEqual({ type: 'tcd', steps: 8, eta: 0 });
    expect(specOf({ preset: 'lcm' }).scheduler).toEqual({ type: 'lcm', steps: 4, eta: 0 });
  });

  test('is asked for if the folder names one that qsched lacks', () => {
    complete();
    schedulerConfig({ _class_name: 'PNDMScheduler', beta_start: 0.00085 });
    const { message, hint } = refusal(specOf);
    expect(message).toBe(
      '--scheduler is missing: the scheduler_config.json of "mine" names "PNDMScheduler", which qsched does not have.',
    );
    expect(hint).toMatch(/by preset \(lcm, tcd, pcm, .*\) or by --scheduler \(tcd, lcm, ddim/);
    expect(specOf({ preset: 'pcm' }).scheduler).toMatchObject({ type: 'tcd', steps: 4 });
    expect(specOf({ scheduler: 'lcm' }).scheduler).toMatchObject({ type: 'lcm', steps: 4 });
  });
});

describe('the scorers', () => {
  test('are the CLIPs under the model roots: one for the objective, another for the verdict', () => {
    complete();
    expect(specOf()).toMatchObject({ objective: { type: 'jaq-clip', scorer: 'clip-score' }, confirm: { scorers: [] } });
    addScorer('another-clip');
    expect(specOf()).toMatchObject({ objective: { scorer: 'clip-score' }, confirm: { scorers: ['another-clip'] } });
    const table = readEvaluateSpec(undefined, { model: 'mine' }).spec;
    expect(table).toMatchObject({ scorers: ['another-clip'], features: 'another-clip' });
  });

  test('are those of qsched.json; a missing second one is taken from what is installed', () => {
    complete();
    settings({ scorers: { objective: 'shapes-clip', second: 'shapes-clip-second' } });
    expect(specOf()).toMatchObject({ objective: { scorer: 'objective' }, confirm: { scorers: ['second'] } });
    settings({ scorers: { objective: 'shapes-clip' } });
    expect(specOf()).toMatchObject({ objective: { scorer: 'objective' }, confirm: { scorers: ['clip-score'] } });
  });

  test('are never the bundled ones, which know the bundled images alone: the error names the command that makes one', () => {
    addPrecision('w8a8');
    expect(refusal(specOf)).toMatchObject({
      message: `The model "mine" has no scorer: its qsched.json names none, and no CLIP folder is under ${root}.`,
      hint: `Make one: python tools/export_scorer.py clip-score --output ${join(root, 'clip-score')} (docs/scorers.md).`,
    });
    expect(specOf({ weights: 'clip-iqa.quality@shapes-clip=1' }).objective.type).toBe('weighted');
    mkdirSync(join(root, 'half-clip'));
    writeFileSync(join(root, 'half-clip', 'vision_model.onnx'), '');
    expect(() => specOf()).toThrow(/has no scorer/);
  });
});

test('prompts are the general ones, or those that qsched.json names', () => {
  complete();
  expect(specOf()).toMatchObject({
    prompts: { set: 'general-calibration', count: 20 },
    select: { set: 'general-select', count: 64 },
    confirm: { set: 'general-heldout', count: 128 },
  });
  expect(readEvaluateSpec(undefined, { model: 'mine' }).spec.prompts).toEqual({
    set: 'general-heldout',
    count: 512,
    seeds: [2000],
  });
  settings({ prompts: { calibration: 'mine-calibration' } });
  expect(specOf()).toMatchObject({ prompts: { set: 'mine-calibration' }, select: { set: 'general-select' } });
});

describe('a worker', () => {
  const describedHere = (precision: string) =>
    inspectNetwork({ version: WIRE_VERSION, model: 'mine', precision, options: {}, scorers: [] });

  test('completes what a client elsewhere left out, as that client would have if it had the files', () => {
    complete();
    const facts = describedHere('default');
    expect(settleSearch({ model: 'mine' }, facts)).toEqual(specOf());
    expect(settleEvaluation({ rows: [{ model: 'mine' }] }, [facts])).toEqual(
      readEvaluateSpec(undefined, { model: 'mine' }).spec,
    );
  });

  test('changes nothing in a spec that is complete', () => {
    complete();
    const spec = specOf({ steps: '2', count: '3' });
    schedulerConfig({ _class_name: 'LCMScheduler' });
    settings({
      prompts: { calibration: 'other' },
      scorers: { objective: 'shapes-clip', second: 'shapes-clip-second' },
    });
    expect(settleSearch(spec, describedHere(spec.precision))).toEqual(spec);
  });

  test('of an earlier build, which says nothing of defaults, leaves those of the bundled model', () => {
    expect(settleSearch({ model: 'mine' }, { precision: 'w4a8' })).toEqual(parseSearchSpec({ model: 'mine' }));
  });
});
