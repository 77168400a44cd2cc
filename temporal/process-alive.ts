/**
 * Whether a process of this machine still lives, and which one it is.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Signal 0 reaches only a process that exists; one of another user answers EPERM. */
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
 * The command line of a process: a process id alone may have gone to another program.
 *
 * @returns null where the process has gone, or the system does not tell
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
