import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isTooOld, parseVersion } from '../../temporal/binary-version.js';
import { PINNED_CLI, cachedBinary } from '../../temporal/cache-folder.js';
import { archiveUrl } from '../../temporal/download-cli.js';
import { findExecutable, provideExecutable } from '../../temporal/executable.js';

const scratch = mkdtempSync(join(tmpdir(), 'qsched-executable-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A shell script that acts as a program. */
function program(folder: string, name: string, script: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  return folder;
}

const ANSWER = 'echo "temporal version 9.9.9 (Server 8.8.8, UI 7.7.7)"';
/** `go version` works; `go build -o OUT` writes a script that answers. */
const GO = `case "$1" in build) shift; while [ "$1" != -o ]; do shift; done; printf '#!/bin/sh\\n%s\\n' '${ANSWER}' > "$2"; echo built >> "\${0%/*}/builds";; esac`;

describe('parseVersion', () => {
  it.each([
    ['temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)', { cli: '1.5.1', server: '1.29.1' }],
    ['temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)\n', { cli: '0.0.0-DEV', server: '1.29.1' }],
    ['temporal version 2.0.0', { cli: '2.0.0', server: 'unknown' }],
    ['something else 1.0', null],
    ['', null],
  ])('%j', (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });
});

it.each([
  ['1.25.1', false],
  ['1.25.0', true],
  ['1.24.2', true],
  ['1.25.1-beta', false],
  ['1.29.1', false],
  ['1.9.9', true],
  ['2.0.0', false],
  ['1.25', true],
  ['unknown', false],
])('server %s is too old: %s', (server, old) => {
  expect(isTooOld({ cli: '0.0.0-DEV', server })).toBe(old);
});

describe('archiveUrl', () => {
  it('names version, platform and architecture as the official script does', () => {
    expect(archiveUrl('1.5.1', 'darwin', 'arm64')).toBe(
      'https://temporal.download/cli/archive/v1.5.1?platform=darwin&arch=arm64',
    );
    expect(() => archiveUrl('1.5.1', 'aix', 'ppc64')).toThrow('there is no build for aix on ppc64');
  });
});

it('go.mod pins the version that the cache is named after', () => {
  const module = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'temporal', 'go.mod'), 'utf8');
  expect(module).toContain(`github.com/temporalio/cli v${PINNED_CLI}`);
});

describe('a binary is looked for', () => {
  let env: { PATH: string; QSCHED_CACHE: string };
  let cache: string;
  const lines: string[] = [];
  const provide = () => provideExecutable({ env, onProgress: (line) => lines.push(line) });

  beforeEach(() => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed', { cause: new Error('no route') })));
    const folder = mkdtempSync(join(scratch, 'case-'));
    cache = join(folder, 'cache');
    env = { PATH: join(folder, 'bin'), QSCHED_CACHE: cache };
    mkdirSync(join(folder, 'bin'));
    lines.length = 0;
    return () => vi.unstubAllGlobals();
  });
  const bin = (): string => env.PATH;

  it('on PATH first', async () => {
    program(bin(), 'temporal', ANSWER);
    program(cache, `temporal-${PINNED_CLI}`, ANSWER);
    expect(await provide()).toEqual({ path: 'temporal', cliVersion: '9.9.9', serverVersion: '8.8.8', source: 'path' });
  });

  it('in the cache if the one on PATH does not run, or is another program', async () => {
    program(cache, `temporal-${PINNED_CLI}`, ANSWER);
    for (const script of ['exit 1', 'echo hello']) {
      program(bin(), 'temporal', script);
      expect(await findExecutable(env)).toMatchObject({ path: cachedBinary(env), source: 'cache' });
    }
  });

  it('in the cache if the one on PATH is too old, and says so', async () => {
    program(bin(), 'temporal', 'echo "temporal version 0.13.2 (Server 1.24.1, UI 2.28.0)"');
    program(cache, `temporal-${PINNED_CLI}`, ANSWER);
    expect(await provide()).toMatchObject({ path: cachedBinary(env), source: 'cache' });
    expect(lines).toEqual([
      '`temporal` on PATH is too old: it contains server 1.24.1, and 1.25.1 or newer is needed; using another one',
    ]);
  });

  it('and built if the one on PATH is too old and there is no other, or the reasons are named', async () => {
    program(bin(), 'temporal', 'echo "temporal version 0.10.7 (server 1.22.2) (ui 2.20.0)"');
    await expect(provide()).rejects.toMatchObject({
      message: expect.stringMatching(
        /on PATH is too old: it contains server 1\.22\.2.*; download: .*; build: /,
      ) as unknown,
    });
    program(bin(), 'go', GO);
    expect(await provide()).toMatchObject({ path: cachedBinary(env), source: 'build', serverVersion: '8.8.8' });
  });

  it('and built once if no download is possible, by two at once', async () => {
    program(bin(), 'go', GO);
    const both = await Promise.all([provide(), provide()]);
    expect(both.map(({ source }) => source).toSorted()).toEqual(['build', 'cache']);
    expect(readFileSync(join(bin(), 'builds'), 'utf8')).toBe('built\n');
    expect(lines.join('\n')).toContain('the download failed (no route); building');
    expect(readdirSync(cache)).toEqual([`temporal-${PINNED_CLI}`]);
  });

  it('and unpacked from the official archive', async () => {
    const folder = program(mkdtempSync(join(scratch, 'archive-')), 'temporal', ANSWER);
    execFileSync('tar', ['-czf', join(folder, 'a.tgz'), '-C', folder, 'temporal']);
    const fetched: string[] = [];
    vi.stubGlobal('fetch', (url: string) => {
      fetched.push(url);
      return Promise.resolve(new Response(readFileSync(join(folder, 'a.tgz'))));
    });
    expect(await provide()).toMatchObject({ source: 'download', cliVersion: '9.9.9', path: cachedBinary(env) });
    expect(fetched).toHaveLength(1);
  });

  it('and what does not run is not kept', async () => {
    program(bin(), 'go', GO.replace(ANSWER, 'exit 3'));
    await expect(provide()).rejects.toMatchObject({
      code: 'failure',
      message: expect.stringContaining('build: the binary does not run here') as unknown,
    });
    expect(existsSync(cachedBinary(env))).toBe(false);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('or the three ways to get one are named', async () => {
    program(bin(), 'go', 'echo no compiler >&2; exit 1');
    await expect(provide()).rejects.toMatchObject({
      code: 'failure',
      message: expect.stringMatching(/download: no route; build: there is no `go` on PATH/) as unknown,
      hint: expect.stringMatching(/PATH.*Go 1\.25.*TEMPORAL_ADDRESS/) as unknown,
    });
  });
});
