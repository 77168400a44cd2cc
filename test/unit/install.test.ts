/** Installing and `npx` in a clone: no download from outside the registry, no warning, no second build. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const json = <T>(name: string): T => JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as T;
const { allowScripts, scripts } = json<{
  allowScripts: Readonly<Record<string, boolean>>;
  scripts: Readonly<Record<string, string>>;
}>('package.json');

test('every package with an install script is allowed or denied; the one that downloads CUDA libraries is denied', () => {
  const { packages } = json<{ packages: Record<string, { hasInstallScript?: boolean; optional?: boolean }> }>(
    'package-lock.json',
  );
  const withScript = Object.entries(packages).filter(
    ([path, { hasInstallScript, optional }]) => path !== '' && hasInstallScript && !optional,
  );
  const names = withScript.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
  expect(names).toContain('onnxruntime-node');
  expect([...new Set(names)].filter((name) => !(name in allowScripts))).toEqual([]);
  expect(allowScripts['onnxruntime-node']).toBe(false);
});

test('npm is silent about the key that older releases of it read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-npmrc-'));
  try {
    const npmrc = readFileSync(join(ROOT, '.npmrc'), 'utf8');
    expect(npmrc).toMatch(/^onnxruntime-node-install=skip$/m);
    writeFileSync(join(folder, '.npmrc'), npmrc);
    writeFileSync(join(folder, 'package.json'), '{}');
    const { stderr, status } = spawnSync('npm', ['config', 'get', 'loglevel'], { cwd: folder, encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('npx, which prepares the package again, builds only what was not built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-npx-'));
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { build: 'exit 7' } }));
    const prepare = (command: string): number | null =>
      spawnSync(scripts['prepare']!, {
        shell: true,
        cwd: folder,
        env: { ...process.env, npm_command: command },
      }).status;
    expect(prepare('exec')).toBe(7);
    mkdirSync(join(folder, 'dist', 'cli'), { recursive: true });
    writeFileSync(join(folder, 'dist', 'cli', 'main.js'), '');
    expect(prepare('exec')).toBe(0);
    expect(prepare('ci')).toBe(7);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
