/**
 * Peers are Python programs with pinned packages; only the comparison needs them.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs bench/<script> and parses the JSON of its last line; null if Python or a package is missing. */
export function runPeer(script: string, args: readonly string[]): Record<string, number> | null {
  const python = process.env['QSCHED_BENCH_PYTHON'] ?? 'python3';
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [path, ...args], { encoding: 'utf8', maxBuffer: 1 << 24 });
  if (status !== 0) {
    process.stderr.write(
      `no peer: ${python} ${script} failed. Install its packages: pip install -r bench/requirements.txt, then set QSCHED_BENCH_PYTHON.\n${(stderr ?? '').split('\n').slice(-3).join('\n')}\n`,
    );
    return null;
  }
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>;
}
