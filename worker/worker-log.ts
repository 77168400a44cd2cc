/**
 * The Temporal SDK's own log goes to a file in the data folder, so that stderr stays for people.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';

let installed = false;

/** Sends SDK log lines of this process to `<folder>/worker.log`. */
export function logToFile(folder: string): void {
  if (installed) return;
  installed = true;
  const path = join(folder, 'worker.log');
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, timestampNanos, message, meta }) => {
      const { taskQueue, error } = (meta ?? {}) as { taskQueue?: string; error?: unknown };
      const line = `${new Date(Number(timestampNanos / 1_000_000n)).toISOString()} ${process.pid} ${level} ${taskQueue ?? '-'} ${message}${error instanceof Error ? ` ${error.message}` : ''}`;
      try {
        appendFileSync(path, `${line}\n`);
      } catch {
        // A full disk must not stop the work.
      }
    }),
    // Without this the SDK's core writes its own lines to stdout, into the JSON document of --json.
    telemetryOptions: { logging: { filter: 'WARN', forward: {} } },
    shutdownSignals: [],
  });
}
