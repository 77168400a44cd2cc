/**
 * Whether a process on this machine still runs, and which program it is.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Signal 0 reaches only existing processes; a process of another user gives EPERM. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * The command line of a process: a process id alone may have been reused by another program.
 *
 * @returns null if the process has ended, or the system does not tell
 */
export function commandLine(pid: number): string | null {
  if (!isAlive(pid)) return null;
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    if (process.platform === 'win32') return null;
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

/**
 * Whether a process that lives is one of qsched's: another program may have the process id of a command that was killed.
 * One that the system does not describe counts as ours.
 */
export const isOneOfOurs = (pid: number): boolean =>
  pid === process.pid || /qsched|main\.js/.test(commandLine(pid) ?? 'qsched');
