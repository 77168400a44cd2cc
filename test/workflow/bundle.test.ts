/**
 * What workflows may import, seen by the bundler that the worker uses.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle-workflows.js';

const here = dirname(fileURLToPath(import.meta.url));
const scratch = mkdtempSync(join(here, '.scratch-')); // inside the project: packages are found from here
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What the SDK itself lets a workflow import. */
const ALLOWED = ['assert', 'url', 'util', 'async_hooks'];

describe('the workflow bundle', () => {
  let code = '';
  beforeAll(async () => {
    code = (await bundle(join(here, '..', '..', 'workflows', 'index.ts'))).replace(/\n\/\/# sourceMappingURL=.*/, '');
  });

  it('holds the search', () => {
    expect(code).toContain('./workflows/search/search.ts');
  });

  it('is under 3 MB', () => {
    expect(code.length).toBeLessThan(3e6);
  });

  it('asks for no module of Node', () => {
    const asked = [...code.matchAll(/\b(?:require|import)\(\s*["'](?:node:)?([\w/]+)["']\s*\)/g)].map(
      (match) => match[1]!,
    );
    expect(asked.filter((name) => builtinModules.includes(name) && !ALLOWED.includes(name))).toEqual([]);
  });

  it.each(['db', 'inference', 'worker', 'cli'])('holds nothing of %s/', (folder) => {
    expect(code).not.toMatch(new RegExp(`"\\./${folder}/[^"]+\\.ts"`));
  });
});

it.each(['fs', 'node:crypto', 'node:worker_threads'])('a workflow that imports %s is refused by name', async (name) => {
  const path = join(scratch, 'bad.ts');
  writeFileSync(
    path,
    `import * as forbidden from '${name}';\nexport async function bad(): Promise<string[]> {\n  return Object.keys(forbidden);\n}\n`,
  );
  await expect(bundle(path)).rejects.toThrow(name.replace('node:', ''));
});
