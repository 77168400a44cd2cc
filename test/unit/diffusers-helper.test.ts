/** The diffusers helper can be installed: its project file names it, agrees with package.json, and is in the package. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { read, ROOT } from '../markdown.js';

const { version, files } = JSON.parse(read('package.json')) as { version: string; files: readonly string[] };

it('tools/ is a Python package of the one module, with the version of qsched', () => {
  const project = read('tools/pyproject.toml');
  const value = (key: string): string | undefined => new RegExp(`^${key} = "(.*)"$`, 'm').exec(project)?.[1];
  expect(value('version')).toBe(version);
  // flit takes the module that has the project's name.
  expect(existsSync(join(ROOT, 'tools', `${value('name')!.replaceAll('-', '_')}.py`))).toBe(true);
  expect(files).toEqual(expect.arrayContaining(['tools/pyproject.toml', 'tools/qsched_diffusers.py']));
});

it('its page says how to install it', () => {
  const page = read('docs/schedules.md');
  for (const folder of ['./tools', './node_modules/qsched/tools']) expect(page).toContain(`pip install ${folder}`);
});
