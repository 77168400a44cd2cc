/**
 * Bundles the compiled workflows into one file, so that a worker starts without webpack: dist/workflows/index.js ->
 * dist/workflow-bundle.js. Runs after `tsc`; ends with exit code 1 where a workflow imports what the sandbox lacks.
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type Logger } from '@temporalio/worker';

const DIST = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');

/** Webpack's own report says nothing to a reader; what is wrong comes as an exception. */
export function quietLogger(): Logger {
  const silent = (): void => {};
  return { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent };
}

async function main(): Promise<void> {
  const workflowsPath = join(DIST, 'workflows', 'index.js');
  if (!existsSync(workflowsPath)) throw new Error(`${workflowsPath} is not there: run \`npx tsc -p tsconfig.build.json\` first`);
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: quietLogger() });
  const output = join(DIST, 'workflow-bundle.js');
  mkdirSync(DIST, { recursive: true });
  writeFileSync(`${output}.new`, code);
  renameSync(`${output}.new`, output);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`bundle-workflows: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
