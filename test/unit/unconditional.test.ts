/** A model that reads no text: which objectives and scorers it takes, and what its prompts are. */
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { inspectNetwork, inspectPrompts } from '../../inference/describe.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { checkSearchFiles } from '../../planning/check.js';

const roots = { models: [join(packageRoot(), 'test', 'fixtures', 'pipelines'), join(packageRoot(), 'models')] };
const check = (more: object) =>
  checkSearchFiles(
    parseSearchSpec({
      model: 'consistency',
      precision: 'w8a8',
      scheduler: { type: 'consistency', steps: 2 },
      objective: { type: 'iq', scorer: 'shapes-clip' },
      confirm: { scorers: ['shapes-clip-second', 'shapes-brisque'] },
      ...more,
    }),
    roots,
  );

function refusal(action: () => unknown): QschedError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(QschedError);
    expect((error as QschedError).code).toBe('usage');
    return error as QschedError;
  }
  throw new Error('nothing was refused');
}

test('is described as one', () => {
  const facts = (model: string) =>
    inspectNetwork({ version: WIRE_VERSION, model, precision: 'fp32', options: {}, scorers: [] }, roots.models);
  expect(facts('consistency')).toMatchObject({
    pipeline: 'consistency',
    unconditional: true,
    latentShape: [3, 32, 32],
  });
  expect(facts('shapes')).not.toHaveProperty('unconditional');
});

test('has no notes on long prompts: they only name noise', () => {
  vi.stubEnv('QSCHED_MODELS', roots.models[0]);
  const inspect = (model: string) =>
    inspectPrompts({ model, precision: 'w8a8', scorers: ['shapes-clip'], texts: ['a very long prompt '.repeat(40)] });
  expect(inspect('consistency')).toEqual([]);
  expect(inspect('sd15')).toHaveLength(2);
  vi.unstubAllEnvs();
});

describe('is judged by image quality', () => {
  test('in the objective and in the scorers beside it', () => {
    expect(check({}).scorers.map(({ role }) => role)).toEqual(['shapes-clip', 'shapes-clip-second', 'shapes-brisque']);
  });

  test('and an objective with a text term is refused', () => {
    const error = refusal(() => check({ objective: { type: 'jaq-clip', scorer: 'shapes-clip' } }));
    expect(error.message).toBe(
      'The model "consistency" reads no text, and the objective "jaq-clip" compares images with it (cosine of "shapes-clip").',
    );
    expect(error.hint).toContain('--objective iq');
    const weights = { 'clip-score@shapes-clip': 1, 'clip-iqa.quality@shapes-clip': 1 };
    expect(refusal(() => check({ objective: { weights } })).message).toContain('the objective "weighted" compares');
  });

  test('and so is a scorer that would judge by the text', () => {
    const weights = { 'brisque@shapes-brisque': -1 };
    const error = refusal(() => check({ objective: { weights }, confirm: { scorers: ['shapes-clip-second'] } }));
    expect(error.message).toBe(
      'The model "consistency" reads no text, and the scorer "shapes-clip-second" would judge by cosine, which compares images with it.',
    );
    expect(error.hint).toContain('confirm.scorers');
  });
});

test('its prompts name noise: splits are disjoint, and so is their noise', () => {
  const { texts } = check({});
  const names = [...texts.calibration, ...texts.select, ...texts.confirm];
  expect(new Set(names).size).toBe(names.length);
  const noise = (prompt: string) => gaussianNoise({ seed: 0, prompt, stepIndex: 0, length: 4 }).join();
  expect(new Set(names.map(noise)).size).toBe(names.length);
  const overlapping = { prompts: { texts: ['1', '2'] }, confirm: { texts: ['2', '3'], scorers: [] } };
  expect(refusal(() => check(overlapping)).message).toContain('prompts and confirm overlap: both use the prompt "2"');
});
