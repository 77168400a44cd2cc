/**
 * Builds the Temporal CLI from source. Its modules come from the Go module proxy, pinned by go.mod and go.sum.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from './run-child.js';

const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';

/**
 * Builds the CLI; about 4 minutes on two cores with an empty Go cache.
 *
 * @param version what the binary prints for `--version`; go.mod pins the same
 * @param output path of the binary to write
 * @param onProgress called every 5 s while the build runs
 * @throws Error with a short reason: no Go, Go too old, no route to the module proxy, compilation failed
 */
export async function buildCli(
  version: string,
  output: string,
  onProgress: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const go = await runChild('go', ['version'], { env });
  if (go.code !== 0) throw new Error('there is no `go` on PATH');
  const flags = [
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    `-s -w -X github.com/temporalio/cli/temporalcli.Version=${version}`,
  ];
  const built = await runChild('go', ['build', ...flags, '-o', output, PACKAGE], {
    cwd: moduleFolder(),
    env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' },
    onTick: (seconds) =>
      onProgress(`building the Temporal server from source, ${seconds} s (once; about 4 minutes on two cores)`),
  });
  if (built.code !== 0) throw new Error(`\`go build\` failed: ${built.output.split('\n').slice(-3).join(' / ')}`);
}

/** The folder with go.mod: this one in the sources, or `temporal/` in the package if this file runs from dist/. */
function moduleFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return existsSync(join(here, 'go.mod')) ? here : join(here, '..', '..', 'temporal');
}
