/**
 * Runs once before all tests: gets the Temporal binary into the cache, so that no test waits minutes for a build.
 */
import { provideExecutable } from '../temporal/executable.js';

/** Called by vitest. */
export async function setup(): Promise<void> {
  await provideExecutable({ onProgress: (line) => process.stderr.write(`${line}\n`) });
}
