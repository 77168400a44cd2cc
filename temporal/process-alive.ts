/**
 * Whether a process of this machine still lives.
 */

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
