/** `qsched init`: a commented spec that gives the same search as no spec at all. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { initCommand } from '../../cli/commands/init-command.js';
import { readSpec } from '../../cli/input/spec-input.js';
import { packageRoot } from '../../inference/models/model-roots.js';

const FIXTURES = join(packageRoot(), 'test', 'fixtures', 'pipelines');

let folder: string;
let printed: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qsched-init-')));
  cpSync(join(packageRoot(), 'models', 'shapes-clip'), join(folder, 'models', 'clip-score'), { recursive: true });
  vi.stubEnv('QSCHED_MODELS', '');
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test.each(['sd15', 'lcm', 'sdxl', 'flux'])(
  'the spec of %s names its model by path, and reads as the defaults',
  (family) => {
    cpSync(join(FIXTURES, family), join(folder, 'models', family), { recursive: true });
    const output = join(folder, 'spec.yaml');
    expect(initCommand(join(folder, 'models', family), { output })).toBe(0);
    expect(printed).toContain(`npx qsched search ${output}`);
    const text = readFileSync(output, 'utf8');
    expect(text).toContain(`model: ./models/${family}\n`);
    expect(text).toContain('# The network whose quality is recovered. This model has: fp16, fp32, w8a8.');
    expect(text).toContain('the verdict rests on the scorer that was optimised');
    const { spec } = readSpec(output, {});
    expect(spec).toEqual(readSpec(undefined, { model: family }).spec);
  },
);

test('the spec of a bundled model names it plainly', () => {
  const output = join(folder, 'spec.yaml');
  initCommand('shapes', { output });
  expect(readFileSync(output, 'utf8')).toContain('model: shapes\n');
  expect(readSpec(output, {}).spec).toEqual(readSpec(undefined, { model: 'shapes' }).spec);
});

test('a file that exists is overwritten only with --force, and a folder that lacks something writes nothing', () => {
  const output = join(folder, 'spec.yaml');
  writeFileSync(output, 'mine');
  expect(() => initCommand('shapes', { output })).toThrow(`${output} exists already.`);
  expect(readFileSync(output, 'utf8')).toBe('mine');
  expect(initCommand('shapes', { output, force: true })).toBe(0);
  expect(readFileSync(output, 'utf8')).toContain('model: shapes');
  mkdirSync(join(folder, 'models', 'half', 'unet'), { recursive: true });
  const other = join(folder, 'other.yaml');
  expect(() => initCommand(join(folder, 'models', 'half'), { output: other })).toThrow(/half lacks unet\/model\.onnx/);
  expect(existsSync(other)).toBe(false);
});
