/**
 * Every command of README.md and docs/: it runs here, with small numbers where the page's own take long, or the table says
 * what it would need and where else it is tested. A command that is in neither fails the first test.
 */
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLines, PAGES, read, ROOT } from '../markdown.js';
import { cleanUp, environment, startUp } from './harness.js';

const MAIN = join(ROOT, 'dist', 'cli', 'main.js');
const COUNTS = ['--count', '3', '--select-count', '3', '--confirm-count', '20'];
const SMALL = ['--steps', '2', '--budget', '8', ...COUNTS];

type Runs = readonly (readonly [command: string, ...added: string[]])[];

/** Commands that run, in this order, with what is added to them; the page's own flags come first and stay. */
const ALONE: Runs = [
  ['models ./my-models'],
  ['init ./my-models/sdxl-turbo'],
  ['search --model ./my-models/sdxl-turbo', ...SMALL],
  ['models'],
  ['init ./my-model'],
  ['doctor'],
  ['scores'],
  ['plan my-search.yaml'],
  ['plan --model shapes --budget 48 --control search'],
];

/** The same, while `qsched up` runs. */
const BESIDE_UP: Runs = [
  ['search my-search.yaml --json'],
  ['search --model shapes --steps 4', '--budget', '4', ...COUNTS],
  ['search --model shapes', ...SMALL],
  ['status'],
  ['best'],
  ['rank --k 0.5,1,2,5'],
  ['pareto --at-least text=-0.002'],
  ['export --output schedule.json', '--which', 'finalist'],
  ['export'],
  ['export --to diffusers', '--which', 'finalist'],
  ['export --to onnx', '--which', 'finalist'],
  ['export-optuna'],
  ['report'],
  ['schedules'],
  ['schedule add schedule.json'],
  ['confirm', '--count', '20'],
  ['ptqd --model shapes', '--steps', '2', '--count', '4'],
  ['evaluate --model shapes --precision fp32,w4a8 --schedules identity,ptqd,q-sched', '--steps', '2', '--count', '4'],
  ['evaluate --model shapes --precision fp32,w8a8,w4a8 --steps 4 --count 40 --pairwise psnr,ssim,lpips,clip-image'],
  ['evaluate table.yaml --format markdown --output table.md'],
  ['resume'],
  ['prompts import captions_val2017.json --name coco --count 1000 --seed 0'],
  ['prompts split coco'],
  ['clean --max-bytes 10GB --dry-run'],
  ['clean --max-bytes 10GB'],
];

const RUN: Runs = [...ALONE, ...BESIDE_UP];

/** Searches whose flags are checked by `plan`, which starts nothing. */
const PLANNED: readonly RegExp[] = [
  /^search --model shapes --(precision|optimizer|steps \d --shape)(?!.* --prior shapes-)/,
  /^search --model shapes-flow /,
];

/** What other commands would need, by their beginnings. */
const NEEDS: readonly (readonly [command: RegExp, why: string])[] = [
  [/^npm (ci|install)/, 'an installation of its own: .ci/run, test/unit/npm-install.test.ts'],
  [/^npm run test:device|--device (cuda|dml|webgpu)|^[A-Z_]+=cuda12 /, 'a GPU with its libraries'],
  [/^up\b/, 'runs until it is stopped: below'],
  [/^plan --model shapes --measure/, 'minutes: test/unit/plan-command.test.ts'],
  [/^(plan|search .*--prior|schedule show|match|check|images|report) .*[0-9a-f]{8}/, 'an id of yours'],
  [/^reproduce\b/, 'minutes to hours: test/e2e/study.test.ts runs small ones'],
  [/^evaluate .*--count 2000/, 'minutes: docs/results.md has its table'],
  [/^evaluate --model shapes --precision (fp32,w4a8 --steps 2,4|w4a8) --schedules/, 'a match and several searches'],
  [/^(ptqd|match) --model shapes --precision/, 'minutes: test/e2e/schedules.test.ts runs small ones'],
  [/^(confirm|report|images) (SEARCH|GATE)/, 'the ids of your searches and gates'],
  [/^gate /, 'minutes, or folders of images: test/e2e/gate.test.ts runs small ones'],
  [/^(describe|search .*) ?.*--allow-server/, 'a model server: a page of its own, test/e2e of model servers'],
  [/^export .*--to |^check |^npx tsx scripts\/write-exports/, 'files of other targets: test/unit/export.test.ts'],
  [
    /^prompts (split|check) coco|^search --model my-model --prompts/,
    'enough captions: test/unit/prompts-command.test.ts',
  ],
  [
    /^(doctor --model|init|search) .*sdxl-turbo/,
    'a model that Python exports first: test/e2e/families.test.ts has tiny ones',
  ],
  [/^search (search|terrain)\.yaml|^node examples\//, 'a scorer of its page: test/e2e/scores.test.ts'],
  [/^(python|pip|\.venv)|^QSCHED_MODELS=\S+ npx (tsx|qsched evaluate)/, 'Python packages and a checkpoint'],
  [
    /^(export|cp) |^(optuna-dashboard|datasette) /,
    'sets the stage, or serves until it is stopped: test/e2e/database-page.test.ts',
  ],
  [/^(docker|systemctl) /, 'a host to deploy on: test/unit/deploy.test.ts'],
  [/^temporal /, 'a running server: test/e2e/search.test.ts'],
];

/** Pages whose commands a test of their own runs. */
const OWN: Readonly<Record<string, string>> = {
  'docs/temporal-cli.md': 'test/e2e/temporal-cli.test.ts',
  'docs/command-line.md': 'the examples of the help of each command, which are run by their own test',
};

const folder = mkdtempSync(join(tmpdir(), 'qsched-docs-'));
const data = join(folder, '.qsched');

/** A command without `npx` and `qsched`. */
const plain = (line: string): string => line.replace(/^npx qsched |^qsched /, '');
const commands = PAGES.filter((page) => OWN[page] === undefined).flatMap((page) =>
  commandLines(page).map((line) => ({ page, command: plain(line) })),
);
const isPlanned = (command: string): boolean => PLANNED.some((pattern) => pattern.test(command));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const qsched = (args: readonly string[]): Promise<Ran> =>
  new Promise((done) => {
    const options = { cwd: folder, env: { ...environment(data), QSCHED_DATA: '' }, maxBuffer: 1e8 };
    execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

beforeAll(() => {
  const copy = (from: string, to: string): void => cpSync(join(ROOT, from), join(folder, to), { recursive: true });
  copy('test/fixtures/pipelines/sdxl', 'my-models/sdxl-turbo');
  copy('test/fixtures/pipelines/sd15', 'my-model');
  copy('models/shapes-clip', 'my-models/clip-score');
  mkdirSync(data);
  symlinkSync(join(folder, 'my-models', 'clip-score'), join(folder, 'clip-score'));
  const counts = 'prompts: { count: 3 }\nselect: { count: 3 }\nconfirm: { count: 20 }\n';
  writeFileSync(
    join(folder, 'my-search.yaml'),
    `model: shapes\nscheduler: { steps: 2 }\noptimizer: { budget: 8 }\n${counts}`,
  );
  writeFileSync(
    join(folder, 'table.yaml'),
    'prompts: { set: shapes-eval, count: 3 }\nrows:\n  - { model: shapes, precision: w4a8, scheduler: { steps: 2 }, schedule: identity }\n',
  );
  const captions = Array.from({ length: 1000 }, (_, i) => ({
    id: i,
    image_id: i,
    caption: `Photograph number ${i} of a shed.`,
  }));
  writeFileSync(join(folder, 'captions_val2017.json'), JSON.stringify({ annotations: captions }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

it('every command of every page is run, planned, or listed with what it needs', () => {
  const run = new Set(RUN.map(([command]) => command));
  const left = commands.filter(
    ({ command }) =>
      !run.has(command) &&
      !isPlanned(command) &&
      !NEEDS.some(([pattern]) => pattern.test(command)) &&
      !command.startsWith('sqlite3 '),
  );
  expect(left).toEqual([]);
});

it('the table has no command that no page has', () => {
  const found = commands.map(({ command }) => command);
  expect(RUN.map(([command]) => command).filter((command) => !found.includes(command))).toEqual([]);
  expect(NEEDS.filter(([pattern]) => !found.some((command) => pattern.test(command))).map(String)).toEqual([]);
});

async function runs(command: string, ...added: string[]): Promise<void> {
  const { code, stdout, stderr } = await qsched([...command.split(' '), ...added]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
  expect(stdout + stderr).not.toMatch(/undefined|NaN|\n {4}at /);
}

describe('run', () => {
  it.each(ALONE)('qsched %s', runs);
});

describe('run beside qsched up', () => {
  beforeAll(async () => {
    await startUp(data);
  });

  afterAll(cleanUp);

  it.each(BESIDE_UP)('qsched %s', runs);
});

describe('planned', () => {
  const planned = [...new Set(commands.map(({ command }) => command).filter(isPlanned))];

  it.each(planned)('qsched %s', async (command) => {
    const { code, stderr } = await qsched(['plan', ...command.split(' ').slice(1)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
  });
});

describe('sqlite3', () => {
  const lines = commands.map(({ command }) => command).filter((command) => command.startsWith('sqlite3 '));

  it.runIf(spawnSync('sqlite3', ['--version']).status === 0).each(lines)('%s', (line) => {
    const { status, stderr } = spawnSync(line, { cwd: folder, shell: true, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

it('what the README needs of the package is in it', () => {
  const { files } = JSON.parse(read('package.json')) as { files: readonly string[] };
  for (const part of ['docs', 'examples', 'schemas', 'models', 'prompts']) expect(files).toContain(part);
});
