/** `qsched generate`: one image without a server; the baseline unless a schedule is named. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeImage } from '../../artefacts/artefact-formats.js';
import { generateCommand } from '../../cli/commands/generate-command.js';
import type { QschedError } from '../../contract/errors.js';

let folder: string;
let said = '';
const at = (name: string): string => join(folder, name);
const SHAPES = { model: 'shapes', prompt: 'a red circle on a blue background' };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-generate-'));
  vi.stubEnv('QSCHED_DATA', folder);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (said += String(text)) !== '');
  const schedule = {
    format: 'qsched-schedule/1',
    model: 'shapes',
    precision: 'w4a8',
    scheduler: { type: 'tcd', steps: 2, eta: 0 },
    coefficients: { sample: [0.9, 0.95], noise: [1.1, 1.05] },
  };
  writeFileSync(at('own.json'), JSON.stringify(schedule));
});
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('writes PNG files, the same for the same seed, and says which schedule was used', async () => {
  expect(await generateCommand({ ...SHAPES, steps: '2', output: at('a.png') })).toBe(0);
  expect(said).toContain('shapes w4a8, tcd, 2 steps; schedule: the baseline, all coefficients 1');
  await generateCommand({ ...SHAPES, steps: '2', seed: '0,7', output: at('b.png') });
  const [a, b, c] = ['a.png', 'b-0.png', 'b-7.png'].map((name) => readFileSync(at(name)));
  expect(decodeImage(a!)).toMatchObject({ width: 32, height: 32 });
  expect(a).toEqual(b);
  expect(c).not.toEqual(b);
  said = '';
  await generateCommand({ prompt: SHAPES.prompt, schedule: at('own.json'), output: at('d.png') });
  expect(said).toMatch(/^shapes w4a8, tcd, 2 steps; schedule: .*own\.json \(file\)\n/);
  expect(readFileSync(at('d.png'))).not.toEqual(a);
}, 60_000);

describe('refuses', () => {
  test.each<[string, Parameters<typeof generateCommand>[0], RegExp]>([
    ['no prompt', { model: 'shapes' }, /^--prompt is missing/],
    ['no model', { prompt: 'x' }, /^--model is missing/],
    ['two schedules', { ...SHAPES, schedule: 'identity', search: 'x' }, /both name a schedule/],
    ['flags of a schedule', { prompt: 'x', schedule: 'own.json', steps: '3' }, /^--steps is part of the schedule/],
    ['another kind of file', { ...SHAPES, output: 'x.jpg' }, /images are PNG files/],
    ['a folder that is not there', { ...SHAPES, output: '/no/such/x.png' }, /^There is no folder \/no\/such/],
    ['a seed that is no number', { ...SHAPES, seed: '1,b' }, /^--seed is "b"/],
    ['a seed twice', { ...SHAPES, seed: '1,1' }, /names 1 twice/],
    ['a device that there is not', { ...SHAPES, device: 'gpu' }, /"gpu" is not a device/],
    ['a schedule that there is not', { ...SHAPES, schedule: 'abcd' }, /There is no schedule "abcd"/],
  ])('%s', async (_, flags, message) => {
    const error = (await generateCommand(flags).catch((thrown: unknown) => thrown)) as QschedError;
    expect(error.code).toBe('usage');
    expect(error.message).toMatch(message);
    expect(error.hint).not.toBe('');
  });
});
