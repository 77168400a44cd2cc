/**
 * The real server: found, started, re-used, killed, started again on the same data.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectTemporal, type TemporalConnection } from '../../temporal/connect.js';
import { provideExecutable } from '../../temporal/executable.js';
import { openConnection } from '../../temporal/open-connection.js';
import { hasPollers } from '../../temporal/pollers.js';
import { freePort } from '../../temporal/ports.js';
import { isAlive } from '../../temporal/process-alive.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { hasSearchAttributes } from '../../temporal/search-attributes.js';
import { readServerRecord, writeServerRecord } from '../../temporal/server-record.js';
import { findRunningServer, type RunningServer, startServer } from '../../temporal/server.js';

/** The binary may have to be built from source first. */
const BUILD_WITHIN_MS = 20 * 60_000;
const START_WITHIN_MS = 60_000;

const scratch = mkdtempSync(join(tmpdir(), 'qsched-server-'));
const started: RunningServer[] = [];
const opened: TemporalConnection[] = [];
const lines: string[] = [];
const onProgress = (line: string): void => {
  lines.push(line);
};

function newFolder(): string {
  return mkdtempSync(join(scratch, 'data-'));
}

async function start(dataFolder: string): Promise<RunningServer> {
  const server = await startServer({ dataFolder, onProgress });
  started.push(server);
  return server;
}

/** Environment with a data folder and no configured server. */
function environment(dataFolder: string, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TEMPORAL_ADDRESS: '',
    TEMPORAL_CONFIG_FILE: join(scratch, 'absent.toml'),
    QSCHED_DATA: dataFolder,
    ...more,
  };
}

async function connect(start: boolean, env: NodeJS.ProcessEnv): Promise<TemporalConnection> {
  const connected = await connectTemporal({ start, onProgress, env });
  opened.push(connected);
  return connected;
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
  return server;
}

async function ended(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(20);
}

beforeAll(async () => {
  await provideExecutable({ onProgress: (line) => process.stderr.write(`${line}\n`) });
}, BUILD_WITHIN_MS);

afterEach(async () => {
  for (const { connection, server } of opened.splice(0)) {
    await connection.close();
    await server?.stop();
  }
  for (const server of started.splice(0)) await server.stop();
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a server of our own', { timeout: START_WITHIN_MS }, () => {
  it('starts on loopback, answers, has the search attributes, and leaves no record when it is stopped', async () => {
    const folder = newFolder();
    const server = await start(folder);
    expect(server).toMatchObject({
      ours: true,
      startedHere: true,
      namespace: 'default',
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
    });
    expect(readServerRecord(folder)).toMatchObject({
      pid: server.pid,
      address: server.address,
      uiUrl: server.uiUrl,
      startedBy: process.pid,
    });
    const connection = await openConnection(server, 5_000);
    expect(await hasSearchAttributes(connection, server.namespace)).toBe(true);
    expect(await hasPollers(connection, server.namespace, WORKFLOW_QUEUE, 'workflow')).toBe(false);
    await connection.close();
    expect((await fetch(server.uiUrl)).status).toBe(200);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(readServerRecord(folder)).toBeNull();
  });

  it('is found running and re-used, by two starters at once too, and only its starter stops it', async () => {
    const folder = newFolder();
    const both = await Promise.all([start(folder), start(folder)]);
    expect(both.filter(({ startedHere }) => startedHere)).toHaveLength(1);
    expect(both[0].pid).toBe(both[1].pid);
    const found = await findRunningServer(folder);
    await found?.stop();
    expect(isAlive(both[0].pid)).toBe(true);
    const connected = await connect(false, environment(folder));
    expect(connected).toMatchObject({ server: null, kind: 'ours', uiUrl: both[0].uiUrl, searchAttributes: true });
  });

  it.each(['a#b', 'what?', '100%', 'a%20b c'])('keeps its data in a folder named %s', async (name) => {
    const folder = join(newFolder(), name);
    mkdirSync(folder);
    const server = await start(folder);
    expect(server.startedHere).toBe(true);
    await server.stop();
    expect(readdirSync(folder)).toContainEqual(expect.stringMatching(/^temporal-[\d.]+\.db$/));
    expect(readdirSync(dirname(folder))).toEqual([name]);
  });

  it('takes free ports where the usual ones are taken', async () => {
    const taken = await Promise.all([listen(7233), listen(8233)].map((server) => server.catch(() => null)));
    try {
      const server = await start(newFolder());
      expect(server.address).not.toBe('127.0.0.1:7233');
      expect(server.uiUrl).not.toBe('http://127.0.0.1:8233');
    } finally {
      for (const server of taken) server?.close();
    }
  });

  it('is killed, says so, and resumes the same data at the same address', async () => {
    const folder = newFolder();
    const first = await start(folder);
    const exit = new Promise<string>((done) => first.onExit(done));
    const connection = await openConnection(first, 5_000);
    await new Client({ connection }).workflow.start('search', { taskQueue: WORKFLOW_QUEUE, workflowId: 'kept' });
    await connection.close();
    process.kill(first.pid, 'SIGKILL');
    expect(await exit).toBe('signal SIGKILL');
    expect(await findRunningServer(folder)).toBeNull();
    const second = await start(folder);
    expect(second.startedHere).toBe(true);
    expect(second.address).toBe(first.address);
    const again = await openConnection(second, 5_000);
    expect((await new Client({ connection: again }).workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
    await again.close();
  });

  it('does not tell its own stop as an exit', async () => {
    const server = await start(newFolder());
    const exits: string[] = [];
    server.onExit((how) => exits.push(how));
    await server.stop();
    expect(exits).toEqual([]);
  });

  it('replaces a stale record: dead process, or a living one that is no server', async () => {
    const folder = newFolder();
    const nobody = await freePort([]);
    const record = {
      pid: process.pid,
      address: `127.0.0.1:${nobody}`,
      uiUrl: `http://127.0.0.1:${nobody}`,
      namespace: 'default',
      startedBy: 1,
      startedAt: new Date(0).toISOString(),
      version: '0',
    };
    writeServerRecord(folder, record);
    const server = await start(folder);
    expect(server.startedHere).toBe(true);
    expect(readServerRecord(folder)?.pid).toBe(server.pid);
    process.kill(server.pid, 'SIGKILL');
    await ended(server.pid);
    expect((await start(folder)).startedHere).toBe(true);
  });

  it('that lives and does not answer is named, and no second one is started on its data', async () => {
    const folder = newFolder();
    const { pid } = await start(folder);
    process.kill(pid, 'SIGSTOP');
    try {
      // A signal takes its time to reach every thread: until then the server still answers.
      while ((await findRunningServer(folder)) !== null) await sleep(50);
      await expect(startServer({ dataFolder: folder, onProgress })).rejects.toMatchObject({
        code: 'failure',
        message: expect.stringContaining(`process ${pid}`) as unknown,
        hint: expect.stringContaining(`kill -9 ${pid}`) as unknown,
      });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect((await findRunningServer(folder))?.pid).toBe(pid);
  });
});

describe('connecting', { timeout: START_WITHIN_MS }, () => {
  it('starts a server where it may, and hands it over to be stopped', async () => {
    const connected = await connect(true, environment(newFolder()));
    expect(connected.server?.startedHere).toBe(true);
    expect(connected.nativeAddress).toEqual({ address: connected.server?.address, namespace: 'default' });
    expect(lines).toContainEqual(expect.stringContaining('starting the Temporal server'));
  });

  it('names the command where it may not', async () => {
    await expect(connectTemporal({ start: false, onProgress, env: environment(newFolder()) })).rejects.toMatchObject({
      code: 'failure',
      hint: 'Start one with `npx qsched up`.',
    });
  });

  it('takes the server that TEMPORAL_ADDRESS names, and starts none', async () => {
    const server = await start(newFolder());
    const folder = newFolder();
    const connected = await connect(true, environment(folder, { TEMPORAL_ADDRESS: server.address }));
    expect(connected).toMatchObject({
      kind: 'configured',
      server: null,
      nativeAddress: { address: server.address, namespace: 'default' },
    });
    expect(readServerRecord(folder)).toBeNull();
    await expect(
      connectTemporal({
        start: true,
        onProgress,
        env: environment(folder, { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: 'absent' }),
      }),
    ).rejects.toMatchObject({
      code: 'failure',
      message: `The Temporal server at ${server.address} has no namespace 'absent'.`,
    });
  });

  it('says which configured address does not answer', async () => {
    const address = `127.0.0.1:${await freePort([])}`;
    await expect(
      connectTemporal({ start: true, onProgress, env: environment(newFolder(), { TEMPORAL_ADDRESS: address }) }),
    ).rejects.toMatchObject({
      code: 'failure',
      message: expect.stringContaining(`The Temporal server at ${address} does not answer`) as unknown,
      hint: expect.stringContaining('TEMPORAL_ADDRESS') as unknown,
    });
  });
});
