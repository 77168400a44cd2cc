/**
 * The library as its users have it: the examples of docs/library.md and README.md are compiled with the strictest settings
 * against the built package, by its name, and run in order in one data folder.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openArtefactFolder } from '../../artefacts/artefact-store.js';
import { decodeImage } from '../../artefacts/artefact-formats.js';
import { scoreImages } from '../../library/score-images.js';
import { blocks, ROOT } from '../markdown.js';
import { cleanUp, environment, newDataFolder, query } from './harness.js';

const examples = ['docs/library.md', 'README.md'].flatMap((page) => blocks(page, 'ts'));
/** Inside the package, so that its own name leads to `exports` of package.json. */
const folder = mkdtempSync(join(ROOT, 'test', 'library-'));
const data = newDataFolder();

/** What an example prints, or the messages of the compiler. */
function run(args: readonly string[], cwd = folder): string {
  try {
    return execFileSync(process.execPath, args, {
      cwd,
      env: environment(data),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

beforeAll(() => {
  mkdirSync(data);
  const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 37) % 256);
  writeFileSync(join(folder, 'generated.png'), encode({ width: 32, height: 32, data: pixels, channels: 3, depth: 8 }));
  examples.forEach((code, i) => writeFileSync(join(folder, `example-${i}.ts`), code));
  // skipLibCheck false: a user's program also checks the types that qsched ships.
  const compilerOptions = { outDir: '.', rootDir: '.', skipLibCheck: false, types: ['node'], sourceMap: false };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['example-*.ts'], compilerOptions }),
  );
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cleanUp();
});

describe('the examples', () => {
  it('compile', () => {
    expect(run([join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder])).toBe('');
  });

  it('run, and print what they say', () => {
    const printed = examples.map((_, i) => run([`example-${i}.js`]));
    const [search, database, scores, schedule, optimizer, refusal] = printed as [string, string, string, ...string[]];
    expect(search).toMatch(/^shapes-w4a8-auto-[0-9a-f]{8} \w+ 0\/16 null\n(calibrated|identity) 0?-?\d/);
    expect(database).toMatch(/^shapes-w4a8-auto-[0-9a-f]{8} finished -?[\d.]+ (calibrated|identity)\n/);
    expect(database).toMatch(/\d+ candidates scored on every prompt\nloses most: \w.* -?[\d.]+\n\d+\n$/);
    expect(scores.trim().split('\n')).toHaveLength(2);
    expect(scores).not.toMatch(/null|undefined|NaN/);
    expect(schedule!.trim().split('\n')).toHaveLength(4);
    expect(optimizer).toMatch(/^\[ 0\.9[23]\d*, 1\.0[45]\d* \] -[\d.e-]+\n-[\d.e-]+\n$/);
    expect(refusal).toMatch(/^usage .*steps.* from 1 to 50/);
    expect(printed.slice(6)).toEqual([expect.stringMatching(/^4 \[ 0\.9[23]\d*, 1\.0[45]\d* \]\n$/)]);
  });
});

describe('the search of the first example', () => {
  const code = `import { startSearch } from 'qsched';
    const spec = ${/startSearch\(\s*(\{[^]*?\n {2}\})/.exec(examples[0]!)![1]!};
    `;
  const runCode = (rest: string): string => {
    writeFileSync(join(folder, 'more.mjs'), `${code}${rest}`);
    return run(['more.mjs']);
  };

  it('is found finished when it is started again', () => {
    const printed = runCode(`const search = await startSearch(spec);
      console.log(JSON.stringify([await search.progress(), await search.result()]));`);
    const [progress, result] = JSON.parse(printed) as [{ status: string }, { searchId: string }];
    const [stored] = query<{ id: string; result: string }>(data, 'select id, result from searches');
    expect(progress.status).toBe('finished');
    expect(result).toEqual(JSON.parse(stored!.result));
  });

  it('refuses an id that another spec has, and is cancelled under a new one', () => {
    const printed = runCode(`const { id } = await startSearch(spec);
      await startSearch({ ...spec, optimizer: { budget: 17 } }, { id }).catch((error) => console.log(error.message));
      const long = await startSearch({ ...spec, optimizer: { type: 'sobol', budget: 2000 } }, { id: 'long', workers: 1 });
      while ((await long.progress()).stage !== 'search') await new Promise((again) => setTimeout(again, 200));
      await long.cancel();
      await long.result().catch((error) => console.log(error.message));`);
    expect(printed).toMatch(
      /^There is a search "shapes-[^"]+" already, with another spec\.\nThe search was cancelled\.\n$/,
    );
    expect(query(data, "select status from searches where id = 'long'")).toEqual([{ status: 'cancelled' }]);
  });

  it('stored the terms that scoreImages gives for its images', async () => {
    const rows = query<{ prompt: string; image: string; terms: string }>(
      data,
      `select p.text as prompt, e.image as image, e.terms as terms from evaluations e
       join prompts p on p.id = e.prompt_id join contexts c on c.id = e.context_id
       where e.image is not null and c.scorer = 'objective' order by e.key limit 6`,
    );
    const artefacts = openArtefactFolder(join(data, 'artefacts'));
    const images = rows.map(({ image }) => decodeImage(artefacts.get(image)!));
    const scored = await scoreImages(
      images.map((image) => image as Exclude<typeof image, undefined | { failed: string }>),
      { prompts: rows.map(({ prompt }) => prompt), scorer: 'shapes-clip' },
    );
    expect(scored.map(({ terms }) => terms)).toEqual(rows.map(({ terms }) => JSON.parse(terms) as unknown));
  });
});

it('works from the packed tarball', () => {
  const target = mkdtempSync(join(tmpdir(), 'qsched-packed-'));
  try {
    const modules = join(target, 'node_modules');
    mkdirSync(join(modules, 'qsched'), { recursive: true });
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', target], {
        cwd: ROOT,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as [{ filename: string }];
    execFileSync('tar', ['-xzf', join(target, packed.filename), '-C', join(modules, 'qsched'), '--strip', '1']);
    for (const name of readdirSync(join(ROOT, 'node_modules'))) {
      if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    }
    writeFileSync(
      join(target, 'packed.mjs'),
      `import { createOptimizer, createScheduler, openDatabase, scoreImages, startSearch } from 'qsched';
       const image = { width: 2, height: 2, data: new Uint8Array(12) };
       const [{ jaq }] = await scoreImages([image], { prompts: 'a circle', scorer: 'shapes-clip' });
       const { sample } = openDatabase(${JSON.stringify(join(data, 'qsched.db'))}).trials(process.argv[2])[0];
       const { id, result } = await startSearch(JSON.parse(process.argv[3]));
       console.log(Number.isFinite(jaq), sample, id === process.argv[2], (await result()).status,
         typeof createOptimizer, typeof createScheduler);`,
    );
    const [{ id, spec } = { id: '', spec: '' }] = query<{ id: string; spec: string }>(
      data,
      "select id, spec from searches where id <> 'long'",
    );
    expect(run(['packed.mjs', id, spec], target)).toBe('true [ 1, 1 ] true finished function function\n');
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
});
