/** The example of README.md compiles with the strictest settings, and runs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('the library example of README.md compiles and runs', () => {
  const [, example] = /## As a library\n```ts\n([^`]+)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))!;
  const folder = mkdtempSync(join(ROOT, 'test', 'readme-'));
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const code = `${example!.replace("'qsched'", "'../../index.js'")}\nconsole.log(steps.length, optimizer.best?.point);\n`;
    writeFileSync(join(folder, 'example.ts'), code);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', include: ['example.ts'], compilerOptions: { noEmit: true } }),
    );
    run(join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder);
    expect(run('--import', 'tsx', 'example.ts')).toMatch(/^4 \[ 0\.9[23]\d*, 1\.0[45]\d* \]\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
