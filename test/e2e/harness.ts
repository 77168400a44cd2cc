/**
 * The real command line in a data folder of its own: run it, watch it, end it, look at what it stored.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { commandLine, isAlive } from '../../temporal/process-alive.js';
import { readServerRecord } from '../../temporal/server-record.js';

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist', 'cli', 'main.js');
const WITHIN_MILLISECONDS = 150_000;

const folders: string[] = [];
const children = new Set<ChildProcess>();

/** What a command said and how it ended. */
export interface CliResult {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface RunningCli {
  /** Leader of a process group of its own. */
  readonly pid: number;
  readonly result: Promise<CliResult>;
  stdout(): string;
  stderr(): string;
  /** Resolves when stderr matches; rejects when the command ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A folder that does not exist yet, inside one that `cleanUp` removes. */
export function newDataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-test-'));
  folders.push(folder);
  return join(folder, 'data');
}

/** The environment of a command: no configured server, its own data folder. */
export function environment(data: string, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TEMPORAL_ADDRESS: '',
    TEMPORAL_NAMESPACE: '',
    TEMPORAL_CONFIG_FILE: join(data, 'absent.toml'),
    QSCHED_DATA: data,
    ...more,
  };
}

/** Starts `qsched` with its arguments. */
export function startCli(
  args: readonly string[],
  data: string,
  more: Readonly<Record<string, string>> = {},
): RunningCli {
  return start(process.execPath, [MAIN, ...args], environment(data, more));
}

/** Starts any program the same way. */
export function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv): RunningCli {
  const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  let over = false;
  const result = new Promise<CliResult>((done, fail) => {
    const late = setTimeout(() => {
      fail(new Error(`qsched ${args.slice(1).join(' ')} did not end.\n${stderr}`));
      killGroup(child.pid!);
    }, WITHIN_MILLISECONDS);
    child.once('error', fail);
    child.once('close', (code) => {
      over = true;
      clearTimeout(late);
      children.delete(child);
      done({ code, stdout, stderr });
    });
  });
  result.catch(() => undefined);
  return {
    pid: child.pid!,
    result,
    stdout: () => stdout,
    stderr: () => stderr,
    async says(pattern) {
      for (;;) {
        const match = pattern.exec(stderr);
        if (match !== null) return match;
        if (over) throw new Error(`qsched ended without saying ${String(pattern)}:\n${stderr}`);
        await sleep(50);
      }
    },
  };
}

/** Runs `qsched` to its end. */
export function runCli(
  args: readonly string[],
  data: string,
  more: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return startCli(args, data, more).result;
}

/** Runs it, expects the exit code, and reads the one JSON document on stdout. */
export async function runJson<T>(
  args: readonly string[],
  data: string,
  more: Readonly<Record<string, string>> = {},
): Promise<T> {
  const { code, stdout, stderr } = await runCli([...args, '--json'], data, more);
  if (code !== 0) throw new Error(`qsched ${args.join(' ')}: exit code ${String(code)}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

/** `qsched up`, ready to be used. */
export async function startUp(
  data: string,
  args: readonly string[] = ['--model', 'shapes'],
  more: Readonly<Record<string, string>> = {},
): Promise<RunningCli & { address: string }> {
  const up = startCli(['up', ...args], data, more);
  const [, address] = await up.says(/serving [^;]+; Temporal at (127\.0\.0\.1:\d+)/);
  return { ...up, address: address! };
}

/** kill -9 of a process and everything that it started in its group. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has gone already
  }
}

/** Waits until a process has gone. */
export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(20);
}

/** Process ids of the scoring workers that a command started. */
export function scoringWorkers(parent: number): number[] {
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line));
  return processes.flatMap((found) =>
    found !== null && Number(found[2]) === parent && found[3]!.includes(' worker ') ? [Number(found[1])] : [],
  );
}

/** Reads the database of a data folder. */
export function query<T>(data: string, sql: string, ...parameters: unknown[]): T[] {
  const path = join(data, 'qsched.db');
  if (!existsSync(path)) return [];
  const database = new Database(path, { readonly: true, timeout: 5000 });
  try {
    return database.prepare(sql).all(...parameters) as T[];
  } finally {
    database.close();
  }
}

/** Calibration trials of a search that are scored, or were dropped in a race; 0 where there is no database yet. */
export function scoredTrials(data: string): number {
  try {
    return (
      query<{ n: number }>(
        data,
        "select count(*) as n from trials where stage = 'calibration' and status in ('ok', 'raced')",
      )[0]?.n ?? 0
    );
  } catch {
    return 0; // the tables are not there yet
  }
}

/** Waits until so many calibration trials are scored. */
export async function untilScored(data: string, trials: number, running: RunningCli): Promise<void> {
  let ended = false;
  void running.result
    .finally(() => {
      ended = true;
    })
    .catch(() => undefined);
  while (scoredTrials(data) < trials) {
    if (ended) throw new Error(`The search ended with ${scoredTrials(data)} of ${trials} trials:\n${running.stderr()}`);
    await sleep(20);
  }
}

/** Trials and evaluations as text, ordered by key, without times. */
export function dump(data: string, searchId: string): string[] {
  const trials = query<object>(
    data,
    'select stage, number, candidate_id, point, status, score, tc, iq, pairs from trials where search_id = ? order by stage, number',
    searchId,
  );
  const evaluations = query<object>(
    data,
    'select key, context_id, candidate_id, prompt_id, seed, status, reason, terms, search_id from evaluations where search_id = ? order by key',
    searchId,
  );
  return [...trials, ...evaluations].map((row) => JSON.stringify(row));
}

/** Ends what is left and removes every folder. */
export async function cleanUp(): Promise<void> {
  for (const child of children) killGroup(child.pid!);
  for (const folder of folders.splice(0)) {
    const record = readServerRecord(join(folder, 'data'));
    if (record !== null && (commandLine(record.pid) ?? '').includes(folder)) {
      process.kill(record.pid, 'SIGKILL');
      await gone(record.pid);
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
