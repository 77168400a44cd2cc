/**
 * A search whose networks run behind a model server: the same scores as in the process, also where the server is killed
 * while it works.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SearchResult } from '../../contract/search-result.js';
import { cleanUp, dump, newDataFolder, query, runCli, runJson, startCli, untilScored } from '../e2e/harness.js';

const SEARCH = 'search --steps 2 --count 8 --noise-seed 0 --budget 8 --select-count 6 --confirm-count 6'.split(' ');
const models = mkdtempSync(join(tmpdir(), 'qsched-served-'));
const folder = join(models, 'behind');
const pids = join(models, 'pids');
const env = { QSCHED_MODELS: models, QSCHED_TEST_PIDS: pids };
const command = [
  process.execPath,
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('../model-server/serve.ts', import.meta.url)),
  'shapes',
];

let here: SearchResult;
let undisturbed: string[];

beforeAll(async () => {
  mkdirSync(folder);
  copyFileSync(fileURLToPath(new URL('../../models/shapes/qsched.json', import.meta.url)), join(folder, 'qsched.json'));
  writeFileSync(join(folder, 'server.json'), JSON.stringify({ command, retries: 20 }));
  here = await runJson<SearchResult>([...SEARCH, '--model', 'shapes'], newDataFolder());
});

afterAll(async () => {
  await cleanUp();
  rmSync(models, { recursive: true, force: true });
});

it('a command of a folder is not started unless the user allows it', async () => {
  const { code, stderr } = await runCli(['describe', 'behind'], newDataFolder(), env);
  expect(code).toBe(2);
  expect(stderr).toContain('is behind a server that its folder starts with');
  expect(stderr).toContain('add --allow-server');
  expect(existsSync(pids)).toBe(false);
});

it('a search before the server was asked says what to type', async () => {
  const { code, stderr } = await runCli([...SEARCH, '--model', 'behind', '--allow-server'], newDataFolder(), env);
  expect(code).toBe(2);
  expect(stderr).toContain('npx qsched describe behind');
});

it('gives the scores of the same checkpoint in the process', async () => {
  const data = newDataFolder();
  await runJson(['describe', 'behind', '--allow-server'], data, env);
  const there = await runJson<SearchResult>([...SEARCH, '--model', 'behind', '--allow-server'], data, env);
  undisturbed = dump(data, there.searchId);
  expect(there.best).toEqual(here.best);
  expect(there.heldOut).toEqual(here.heldOut);
  const [{ rows }] = query<{ rows: number }>(data, 'select sum(denoiser_rows) as rows from work') as [{ rows: number }];
  expect(rows).toBeGreaterThan(0);
});

it('one image in this process needs the same permission, and is the same image', async () => {
  const prompt = ['--prompt', 'a red circle', '--steps', '2'];
  const at = (name: string): string => join(models, name);
  await runCli(['generate', '--model', 'shapes', ...prompt, '--output', at('here.png')], newDataFolder());
  const generate = ['generate', '--model', 'behind', ...prompt, '--output', at('there.png')];
  const refused = await runCli(generate, newDataFolder(), env);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('add --allow-server');
  const { code, stderr } = await runCli([...generate, '--allow-server'], newDataFolder(), env);
  expect(code, stderr).toBe(0);
  expect(readFileSync(at('there.png'))).toEqual(readFileSync(at('here.png')));
});

it('a table of several models does not begin without a server that may not be started', async () => {
  const both = ['--model', 'shapes,behind', '--precision', 'w4a8', '--count', '2'];
  const { code, stderr } = await runCli(['evaluate', ...both], newDataFolder(), env);
  expect(code).toBe(2);
  expect(stderr).toContain('The model "behind" is behind a server that its folder starts with');
});

it('killed while it works, the server is started again, and nothing differs', async () => {
  const data = newDataFolder();
  const running = startCli([...SEARCH, '--model', 'behind', '--allow-server', '--json'], data, env);
  for (const trials of [1, 4]) {
    await untilScored(data, trials, running);
    await sleep(100);
    const last = readFileSync(pids, 'utf8').trim().split('\n').at(-1)!;
    process.kill(Number(last), 'SIGKILL');
    await running.says(/the server of behind ended \(SIGKILL\); starting it again/);
  }
  const { code, stdout, stderr } = await running.result;
  expect(code, stderr).toBe(0);
  expect(dump(data, (JSON.parse(stdout) as SearchResult).searchId)).toEqual(undisturbed);
});
