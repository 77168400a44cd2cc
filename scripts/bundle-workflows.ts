/**
 * Bundles the compiled workflows into one file, so that a worker starts without webpack: dist/workflows/index.js ->
 * dist/workflow-bundle.js. Runs after `tsc`; ends with exit code 1 if a workflow imports something that the sandbox does not have.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type Logger } from '@temporalio/worker';

/**
 * Bundles a workflow module; silent while all is well.
 *
 * @param workflowsPath the module that exports every workflow
 * @returns the bundle's code
 * @throws Error with webpack's report if a module is missing or is one of Node's
 */
export async function bundle(workflowsPath: string): Promise<string> {
  const report: string[] = [];
  const keep = (message: string): number => report.push(message);
  const silent = (): void => {};
  const logger: Logger = { log: silent, trace: silent, debug: silent, info: silent, warn: keep, error: keep };
  try {
    return (await bundleWorkflowCode({ workflowsPath, logger })).code;
  } catch (error) {
    throw new Error([error instanceof Error ? error.message : String(error), ...report].join('\n'), { cause: error });
  }
}

async function main(): Promise<void> {
  const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
  const workflowsPath = join(dist, 'workflows', 'index.js');
  if (!existsSync(workflowsPath)) {
    throw new Error(`${workflowsPath} is not there: run \`npx tsc -p tsconfig.build.json\` first`);
  }
  const output = join(dist, 'workflow-bundle.js');
  writeFileSync(`${output}.new`, await bundle(workflowsPath));
  renameSync(`${output}.new`, output);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`bundle-workflows: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
