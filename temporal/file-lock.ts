/**
 * A lock between processes: a file that only one process can create, and that its holder touches while it runs.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './process-alive.js';

/** The holder touches its file this often. */
const BEAT_MS = 2_000;
/** A file that was not touched for this long has lost its holder. */
const STALE_MS = 30_000;
const POLL_MS = 250;
const TELL_MS = 5_000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

/**
 * Runs `work` while holding the lock. A lock whose holder died is taken over.
 *
 * @param path the lock file; its folder exists
 * @param work runs while the lock is held; the lock is released when it ends or throws
 * @param onWait called if another process holds the lock, then every 5 s, with its process id and the seconds waited
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  onWait: (pid: number, seconds: number) => void = () => {},
): Promise<T> {
  const mine: Holder = { pid: process.pid, host: hostname(), token: randomUUID() };
  const start = Date.now();
  let tellAt = start;
  while (!tryCreate(path, mine)) {
    const holder = readHolder(path);
    if (isStale(path, holder)) {
      takeAway(path, holder);
      continue;
    }
    if (Date.now() >= tellAt) {
      onWait(holder?.pid ?? 0, Math.round((Date.now() - start) / 1000));
      tellAt += TELL_MS;
    }
    await sleep(POLL_MS);
  }
  const beat = setInterval(() => touch(path), BEAT_MS);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if (readHolder(path)?.token === mine.token) rmSync(path, { force: true });
  }
}

function tryCreate(path: string, holder: Holder): boolean {
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null; // removed, or not completely written yet
  }
}

function isStale(path: string, holder: Holder | null): boolean {
  const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (touched === undefined) return false;
  if (Date.now() - touched > STALE_MS) return true;
  return holder !== null && holder.host === hostname() && !isAlive(holder.pid);
}

/** Moves the stale file aside first, so that only one of two processes that saw it succeeds. */
function takeAway(path: string, holder: Holder | null): void {
  if (readHolder(path)?.token !== holder?.token) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  rmSync(aside, { force: true });
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // removed by a process that took this one for dead
  }
}
