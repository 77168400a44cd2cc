/** CONTRIBUTING.md names files that exist. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

it('CONTRIBUTING.md names files and folders that exist', () => {
  const text = readFileSync(new URL('CONTRIBUTING.md', ROOT), 'utf8');
  const paths = [
    ...text.matchAll(/(?<![\w./-])([a-z][\w.-]*\/[\w./-]*\.(?:ts|py|md|mod|json)|[a-z]+\/[a-z]+\/)(?![\w*])/g),
  ]
    .map(([, path]) => path!)
    .filter((path) => !path.includes('<'));
  expect(paths.length).toBeGreaterThan(20);
  expect([...new Set(paths)].filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
});
