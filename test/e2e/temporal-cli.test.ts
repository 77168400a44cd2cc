/** docs/temporal-cli.md: every command of it on a real server with the Temporal CLI, and the same control by qsched's own. */
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchProgress, SearchResult } from '../../contract/search-result.js';
import { provideExecutable } from '../../temporal/executable.js';
import { blocks } from '../markdown.js';
import { cleanUp, environment, newDataFolder, query, runCli, runJson, startUp } from './harness.js';

const PAGE = 'docs/temporal-cli.md';
/** The commands of the page, block by block. */
const COMMANDS = blocks(PAGE, 'sh').map((code) => code.trim().split('\n'));
const run = promisify(execFile);

const data = newDataFolder();
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  const { address } = await startUp(data);
  const { path } = await provideExecutable({ onProgress: () => undefined });
  const bin = join(dirname(data), 'bin');
  mkdirSync(bin);
  if (path !== 'temporal') symlinkSync(path, join(bin, 'temporal'));
  const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
  env = { ...environment(data), TEMPORAL_ADDRESS: address, PATH };
});
afterAll(cleanUp);

/** Runs a line of the page as a shell does. @returns what it prints */
const shell = async (line: string): Promise<string> => (await run('sh', ['-c', line], { env })).stdout;
const progressOf = async (id: string): Promise<SearchProgress> => {
  const text = await shell(`temporal workflow query --workflow-id ${id} --type progress --output json`);
  return (JSON.parse(text) as { queryResult: SearchProgress[] }).queryResult[0]!;
};
/** The same for another search, of which nothing is stored. */
const second = (line: string): string =>
  line.replaceAll('my-search', 'second').replace('"shapes"', '"shapes", "precision": "w8a8"');
const block = (at: number): readonly string[] => COMMANDS[at]!;
const qsched = (line: string) => runCli(line.replace('npx qsched ', '').split(' '), data);

describe('the page', () => {
  it('starts the server, and a search', async () => {
    expect(block(0)).toEqual(['npx qsched up --model shapes']);
    const [start, metadata, describe] = block(1);
    await shell(start!);
    expect(await shell(metadata!)).toMatch(/\| stage \|/);
    expect(await shell(describe!)).toContain('my-search');
    for (;;) {
      const { told } = await progressOf('my-search');
      if (told > 0) break;
      await sleep(200);
    }
  });

  it('asks it', async () => {
    for (const line of block(2)) expect(await shell(line)).toContain('QueryResult');
    expect(await shell(block(2)[2]!)).toContain('sample.start');
  });

  it('changes it while it runs', async () => {
    for (const line of block(3)) {
      const [, name] = /--name (\w+)/.exec(line)!;
      expect(await shell(line), name).toContain('Result');
      const { paused = false, priority, budget } = await progressOf('my-search');
      expect(paused).toBe(name === 'pause');
      if (name === 'priority') expect(priority).toBe(1);
      if (name === 'extend') expect(budget).toBe(64);
    }
    const steps = query<{ kind: string }>(data, 'select kind from steering order by sequence');
    expect(steps.map(({ kind }) => kind)).toEqual(['extend', 'enqueue', 'stop']);
    await shell('temporal workflow result --workflow-id my-search');
    const [{ result }] = query<{ result: string }>(data, "select result from searches where id = 'my-search'") as [
      { result: string },
    ];
    expect((JSON.parse(result) as SearchResult).notes.join()).toMatch(/stopped by hand after \d+ of 64 candidates/);
    expect(await shell('temporal workflow metadata --workflow-id my-search')).toMatch(/held-out \(128 prompts\)/);
  });

  it('refuses with a sentence what cannot be', async () => {
    const { code, stderr } = await qsched('npx qsched pause my-search');
    expect(code).toBe(1);
    expect(stderr).toMatch(/The search my-search does not run now\./);
    await shell(second(block(1)[0]!));
    const wrong = shell('temporal workflow update execute --workflow-id second --name priority --input 9');
    await expect(wrong).rejects.toThrow(/The priority is 9: it must be a whole number from 1/);
  });

  it('lists by columns, and cancels', async () => {
    for (const line of block(4)) await shell(line);
    const [cancel] = block(5);
    await shell(second(cancel!));
    await shell('temporal workflow result --workflow-id second').catch(() => undefined);
    const found = async (): Promise<string> => shell(`temporal workflow list --query 'QschedStatus = "cancelled"'`);
    while (!(await found()).includes('second')) await sleep(200);
    const stored = "select message from searches where id = 'second' and status = 'cancelled'";
    while (query(data, stored).length === 0) await sleep(100);
    expect(await shell('temporal workflow metadata --workflow-id second')).toContain('npx qsched resume second');
  });

  it('says why a workflow hangs', async () => {
    await shell(
      `temporal workflow start --task-queue wrong --type search --workflow-id lost --input '{"model": "shapes"}'`,
    );
    await shell(
      `temporal workflow start --task-queue qsched --type serach --workflow-id typo --input '{"model": "shapes"}'`,
    );
    const lost = await qsched('npx qsched doctor --workflow lost');
    expect(lost).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('waits on the task queue "wrong"') as unknown,
    });
    const typo = await qsched('npx qsched doctor --workflow typo');
    expect(typo).toMatchObject({ code: 1, stdout: expect.stringContaining('Did you mean "search"') as unknown });
    expect((await qsched('npx qsched doctor --workflow nobody')).stderr).toMatch(/There is no workflow "nobody"/);
    expect(COMMANDS.flat()).toContain('npx qsched doctor --workflow my-search');
  });
});

describe('qsched cancel', () => {
  it('ends what waits for nobody, and rows whose workflow is gone', async () => {
    expect(await runJson(['cancel', 'lost'], data)).toMatchObject({ id: 'lost' });
    const running = shell(block(1)[0]!.replaceAll('my-search', 'gone'));
    await running;
    while (query(data, "select 1 from searches where id = 'gone'").length === 0) await sleep(100);
    await shell('temporal workflow terminate --workflow-id gone');
    const { code, stdout } = await qsched('npx qsched cancel gone');
    expect(stdout).toMatch(/gone had no workflow any more; it is marked as cancelled\./);
    expect(code).toBe(0);
    expect(query<{ status: string }>(data, "select status from searches where id = 'gone'")).toEqual([
      { status: 'cancelled' },
    ]);
    expect((await qsched('npx qsched cancel gone')).stderr).toMatch(/"gone" does not run: it ended as TERMINATED/);
  });
});
