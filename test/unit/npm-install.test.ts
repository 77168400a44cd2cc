/** What npm runs when the package is installed as a dependency: scripts/npm-install.mjs in a folder laid out by hand. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const HERE = [process.platform, process.arch].join('/');
const require = createRequire(import.meta.url);
const asWorker = createRequire(require.resolve('@temporalio/worker/package.json'));
const BRIDGE = 'node_modules/@temporalio/core-bridge/releases';
const RUNTIME = 'node_modules/onnxruntime-node';
const BINARIES = `${RUNTIME}/bin/napi-v6`;
const SQLITE = 'node_modules/better-sqlite3/build/Release';
let folder: string;

const put = (path: string, text = ''): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const list = (path: string): string[] => readdirSync(join(folder, path)).sort();

/** Runs a script as npm would, without settings of the developer's own. */
function run(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const path = join(folder, script);
  const { status, stderr } = spawnSync(process.execPath, [path, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  });
  return { status, stderr };
}

const hook = (when: 'before' | 'after', env?: Readonly<Record<string, string>>) =>
  run('node_modules/qsched/scripts/npm-install.mjs', [when], env);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-install-'));
  mkdirSync(join(folder, 'node_modules', 'qsched', 'scripts'), { recursive: true });
  cpSync(join(ROOT, 'scripts', 'npm-install.mjs'), join(folder, 'node_modules/qsched/scripts/npm-install.mjs'));
  put(`${RUNTIME}/package.json`, '{}');
  cpSync(join(ROOT, RUNTIME, 'script'), join(folder, RUNTIME, 'script'), { recursive: true });
  for (const name of ['global-agent', 'adm-zip']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const target of ['linux/x64', 'win32/x64', HERE]) put(`${BINARIES}/${target}/onnxruntime_binding.node`, 'x');
  for (const name of ['worker', 'core-bridge']) put(`node_modules/@temporalio/${name}/package.json`, '{}');
  const { getPrebuiltTargetName } = asWorker('@temporalio/core-bridge/common') as {
    getPrebuiltTargetName: () => string;
  };
  for (const target of ['other-platform', getPrebuiltTargetName()]) put(`${BRIDGE}/${target}/index.node`, 'x');
  put('node_modules/better-sqlite3/package.json', '{}');
  for (const name of ['better_sqlite3.node', 'sqlite3.a', 'obj/sqlite3.c']) put(`${SQLITE}/${name}`, 'x');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("before: onnxruntime-node's own script then finds its CUDA libraries in place, and fetches nothing", () => {
  expect(hook('before')).toEqual({ status: 0, stderr: '' });
  expect(run(`${RUNTIME}/script/install.js`, [])).toEqual({ status: 0, stderr: '' });
  const { requirements, manifests } = require('onnxruntime-node/script/install-metadata.js') as {
    requirements: Readonly<Record<string, readonly string[]>>;
    manifests: Readonly<Record<string, object>>;
  };
  const wanted = (requirements[HERE] ?? []).flatMap((name) => Object.keys(manifests[`${HERE}:${name}`]!));
  for (const file of wanted) expect(existsSync(join(folder, BINARIES, HERE, file)), file).toBe(true);
});

test('before: who asks for CUDA gets it', () => {
  const files = list(`${BINARIES}/${HERE}`);
  expect(hook('before', { ONNXRUNTIME_NODE_INSTALL: 'cuda12' }).status).toBe(0);
  expect(list(`${BINARIES}/${HERE}`)).toEqual(files);
});

test("after: other platforms' binaries and the compiler's files are gone, ours are there", () => {
  expect(hook('after')).toEqual({ status: 0, stderr: '' });
  expect(list(BINARIES)).toEqual([process.platform]);
  expect(list(`${BINARIES}/${process.platform}`)).toEqual([process.arch]);
  expect(list(BRIDGE)).toHaveLength(1);
  expect(list(BRIDGE)).not.toContain('other-platform');
  expect(list(SQLITE)).toEqual(['better_sqlite3.node']);
});

test('after: nothing is removed if asked not to, or if our own platform is not among them', () => {
  expect(hook('after', { QSCHED_KEEP_PLATFORMS: '1' }).status).toBe(0);
  expect(list(BRIDGE)).toHaveLength(2);
  rmSync(join(folder, BINARIES, HERE), { recursive: true });
  const others = list(BINARIES);
  expect(hook('after')).toEqual({ status: 0, stderr: '' });
  expect(list(BINARIES)).toEqual(others);
});

test('a package that is not there, or is laid out otherwise, does not fail the installation', () => {
  rmSync(join(folder, RUNTIME, 'script'), { recursive: true });
  expect(hook('before').status).toBe(0);
  rmSync(join(folder, RUNTIME), { recursive: true });
  expect(hook('before')).toEqual({ status: 0, stderr: '' });
  expect(hook('after')).toEqual({ status: 0, stderr: '' });
});

test('in a clone it does nothing', () => {
  cpSync(join(folder, 'node_modules', 'qsched'), join(folder, 'clone'), { recursive: true });
  symlinkSync(join(folder, 'node_modules'), join(folder, 'clone', 'node_modules'));
  expect(run('clone/scripts/npm-install.mjs', ['after'])).toEqual({ status: 0, stderr: '' });
  expect(list(SQLITE)).toHaveLength(3);
});
