/**
 * Wrong input and a world that does not cooperate: one clear sentence with what to do, the right exit code, nothing
 * half-written, and no server looked for where the input alone shows the mistake.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../db/open-store.js';
import { findModel } from '../../inference/models/model-roots.js';
import { freePort } from '../../temporal/ports.js';
import { readServerRecord } from '../../temporal/server-record.js';
import { cleanUp, newDataFolder, runCli, startUp, type CliResult } from './harness.js';

const scratch = mkdtempSync(join(tmpdir(), 'qsched-bad-'));
const file = (name: string): string => join(scratch, name);

beforeAll(() => {
  writeFileSync(file('broken.yaml'), 'model: shapes\noptimizer: { type: cma-es\nprompts:\n  count: 3\n');
  writeFileSync(file('unknown-key.yaml'), 'model: shapes\noptimizer:\n  type: grid\n  bugdet: 3\n');
  writeFileSync(file('list.yaml'), '- shapes\n');
  writeFileSync(file('infinite.yaml'), 'model: shapes\ncoefficients: { range: [0.8, .inf] }\n');
  writeFileSync(
    file('overlap.yaml'),
    'model: shapes\nprompts: { texts: ["a red circle", "a blue square"] }\nselect: { texts: ["a blue square"] }\n',
  );
  writeFileSync(file('empty.txt'), '\n\n');
  writeFileSync(file('twice.txt'), 'a red circle\na blue square\na red circle\n');
  const models = file('models');
  const shapes = findModel('shapes');
  mkdirSync(models);
  cpSync(join(shapes, 'unet', 'config.json'), join(models, 'incomplete', 'unet', 'config.json'));
  cpSync(join(shapes, 'model_index.json'), join(models, 'incomplete', 'model_index.json'));
});

afterAll(async () => {
  await cleanUp();
  rmSync(scratch, { recursive: true, force: true });
});

/** One sentence and a hint; no stack trace, no word of the machinery. */
function expectClear({ stderr }: CliResult): void {
  expect(stderr).toMatch(/^qsched: .+\n( {2}.+\n)?$/m);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toMatch(/ZodError|CommanderError|node:internal|undefined|\[object/);
}

interface Wrong {
  readonly name: string;
  readonly args: readonly string[];
  readonly says: readonly RegExp[];
}

const SEARCH = ['search', '--model', 'shapes'];

const WRONG: readonly Wrong[] = [
  { name: 'clean without a limit', args: ['clean'], says: [/--max-bytes is missing/, /--max-bytes 10GB/] },
  { name: 'unknown command', args: ['serch'], says: [/Unknown command "serch"/, /"search"/] },
  { name: 'unknown flag', args: [...SEARCH, '--bugdet', '3'], says: [/--bugdet/, /"--budget"/] },
  { name: 'flag without its value', args: [...SEARCH, '--budget'], says: [/--budget/, /--help/] },
  {
    name: 'model missing',
    args: ['search', '--precision', 'w4a8'],
    says: [/^qsched: --model is missing\.\n {2}For example: --model shapes$/m],
  },
  { name: 'unknown model', args: ['search', '--model', 'shape'], says: [/no model "shape"/, /"shapes"/] },
  {
    name: 'model outside the roots',
    args: ['search', '--model', '../models/shapes'],
    says: [/^qsched: There is no folder .*\/models\/shapes\./m, /Name a model, or the path of its folder/],
  },
  {
    name: 'model folder that lacks a file',
    args: ['search', '--model', 'incomplete'],
    says: [/incomplete lacks unet\/model\.onnx/],
  },
  {
    name: 'unknown precision',
    args: [...SEARCH, '--precision', 'w4a7'],
    says: [/no precision "w4a7"/, /fp32/, /w8a8/, /Did you mean "w4a[68]"/],
  },
  {
    name: 'reference to a search that nobody made',
    args: ['evaluate', '--model', 'shapes', '--schedules', 'identity,q-sched'],
    says: [/No search of shapes w4a8 .* has finished yet/, /npx qsched search --model shapes/],
  },
  {
    name: 'no steps',
    args: [...SEARCH, '--steps', '0'],
    says: [/^qsched: --steps is 0: must be from 1 to 50\.\n {2}For example: --steps 4$/m],
  },
  { name: 'too many steps', args: [...SEARCH, '--steps', '51'], says: [/--steps is 51/] },
  { name: 'half a step', args: [...SEARCH, '--steps', '2.5'], says: [/--steps is 2\.5.*whole/] },
  {
    name: 'steps that are not number',
    args: [...SEARCH, '--steps', 'four'],
    says: [/--steps is "four".*whole/],
  },
  { name: 'eta out of range', args: [...SEARCH, '--eta', '1.5'], says: [/--eta is 1\.5/] },
  { name: 'negative k', args: [...SEARCH, '--k', '-1'], says: [/--k is -1: must not be negative/] },
  { name: 'k that is not a number', args: [...SEARCH, '--k', 'nan'], says: [/--k is "nan"/] },
  { name: 'budget of zero', args: [...SEARCH, '--budget', '0'], says: [/^qsched: --budget is 0/m] },
  { name: 'negative budget', args: [...SEARCH, '--budget', '-5'], says: [/--budget is -5/] },
  {
    name: 'unknown optimizer',
    args: [...SEARCH, '--optimizer', 'cmaes'],
    says: [/--optimizer is "cmaes"/, /"cma-es"/],
  },
  {
    name: 'unknown objective',
    args: [...SEARCH, '--objective', 'jaq'],
    says: [/--objective is "jaq"/, /jaq-clip/],
  },
  { name: 'unknown shape', args: [...SEARCH, '--shape', 'linaer'], says: [/"linear"/] },
  { name: 'range upside down', args: [...SEARCH, '--range', '1.2,0.8'], says: [/--range is/, /low to high/] },
  { name: 'range with one end', args: [...SEARCH, '--range', '0.8'], says: [/--range is/, /--range 0\.8,1\.2/] },
  { name: 'range that is not finite', args: [...SEARCH, '--range', '0.8,Infinity'], says: [/--range/] },
  {
    name: 'range in a file that is not finite',
    args: ['search', file('infinite.yaml')],
    says: [/infinite\.yaml:2: coefficients\.range/],
  },
  { name: 'seed twice', args: [...SEARCH, '--noise-seed', '0,0'], says: [/--noise-seed .*twice/] },
  {
    name: 'grid points without a grid',
    args: [...SEARCH, '--grid-points', '3'],
    says: [/--grid-points is only for the grid, and --optimizer is "auto"/],
  },
  {
    name: 'unknown prompt set',
    args: [...SEARCH, '--prompts', 'shapes-calibrtion'],
    says: [/no prompt set "shapes-calibrtion"/, /"shapes-calibration"/],
  },
  { name: 'more prompts than there are', args: [...SEARCH, '--count', '9999'], says: [/--count is 9999/] },
  {
    name: 'prompt file without prompts',
    args: [...SEARCH, '--prompts', file('empty.txt')],
    says: [/empty\.txt .*no prompts/],
  },
  { name: 'prompt twice', args: [...SEARCH, '--prompts', file('twice.txt')], says: [/appears twice: "a red circle"/] },
  {
    name: 'missing prompt file',
    args: [...SEARCH, '--prompts', file('absent.txt')],
    says: [/--prompts: the file .*absent\.txt cannot be read/],
  },
  {
    name: 'overlapping splits',
    args: [...SEARCH, '--select-prompts', 'shapes-calibration', '--select-count', '8'],
    says: [/prompts and select overlap/],
  },
  {
    name: 'overlapping prompts in a file',
    args: ['search', file('overlap.yaml')],
    says: [/prompts and select overlap: .*"a blue square"/],
  },
  { name: 'missing spec file', args: ['search', file('absent.yaml')], says: [/absent\.yaml does not exist/] },
  { name: 'broken YAML', args: ['search', file('broken.yaml')], says: [/broken\.yaml:\d: this is not YAML/] },
  { name: 'YAML without a spec', args: ['search', file('list.yaml')], says: [/list\.yaml does not contain a spec/] },
  {
    name: 'unknown key',
    args: ['search', file('unknown-key.yaml')],
    says: [/unknown-key\.yaml:\d: Unknown key "optimizer\.bugdet"/, /"budget"/],
  },
  {
    name: 'prior that nobody made',
    args: [...SEARCH, '--prior', 'nosuch'],
    says: [/There is no search "nosuch" to be the prior/],
  },
  {
    name: 'prior of an optimizer without a model',
    args: [...SEARCH, '--optimizer', 'cma-es', '--prior', 'nosuch'],
    says: [/the optimizer "cma-es" cannot start from an earlier search/],
  },
  {
    name: 'budget below the first batch',
    args: [...SEARCH, '--optimizer', 'gp', '--prior', 'none', '--budget', '4'],
    says: [/--budget is 4, and gp asks for 8 points before it is told a score/, /Use a budget of at least 9/],
  },
  {
    name: 'budget below the first batch, and no search that could be a prior',
    args: [...SEARCH, '--optimizer', 'gp', '--budget', '8'],
    says: [/--budget is 8, and gp asks for 8 points/, /a smaller --batch, a prior/],
  },
  { name: 'empty range', args: [...SEARCH, '--range', '1,1'], says: [/--range is \[1,1\]: must go from low to high/] },
  {
    name: 'constraint on a score that is not there',
    args: [...SEARCH, '--at-least', 'nosuch=0'],
    says: [/--at-least names "nosuch"/, /clip-iqa\.sharpness/],
  },
  {
    name: 'constraint on a score that the search does not store',
    args: [...SEARCH, '--at-least', 'pickscore=0'],
    says: [/--at-least names "pickscore"/],
  },
  {
    name: 'constraint without its number',
    args: [...SEARCH, '--at-least', 'text=much'],
    says: [/text in --at-least is "much": must be a finite number/, /For example: --at-least text=-0.002/],
  },
  {
    name: 'repair of full precision',
    args: [...SEARCH, '--objective', 'repair', '--precision', 'fp32'],
    says: [/fp32 is the full-precision network of shapes itself: there is nothing to repair/],
  },
  {
    name: 'race of repair',
    args: [...SEARCH, '--objective', 'repair', '--racing', 'on'],
    says: [/--racing is on, but --goal is "repair"/],
  },
  {
    name: 'grid of too many cells',
    args: [...SEARCH, '--optimizer', 'grid', '--grid-points', '101'],
    says: [/104,060,401 cells, and at most 1,000,000 are allowed/, /--grid-points of at most 31/],
  },
  {
    name: 'race of a grid',
    args: [...SEARCH, '--optimizer', 'grid', '--racing', 'on'],
    says: [/--optimizer is "grid"/],
  },
  {
    name: 'first block of one pair',
    args: [...SEARCH, '--racing-block', '1'],
    says: [/--racing-block is "1".*from 2/],
  },
  {
    name: 'per step for too many steps',
    args: [...SEARCH, '--shape', 'per-step', '--steps', '20'],
    says: [/two numbers per step are searched for up to 16 steps/],
  },
  {
    name: 'match for an optimizer that takes none',
    args: [...SEARCH, '--start', 'match', '--optimizer', 'random'],
    says: [/"random" takes no first candidate/],
  },
  { name: 'plan of nothing', args: ['plan', file('absent.yaml')], says: [/absent\.yaml does not exist/] },
  { name: 'report into no folder', args: ['report', '--output', '/absent/x.html'], says: [/no folder \/absent/] },
  {
    name: 'image that is no PNG',
    args: ['generate', '--model', 'shapes', '--prompt', 'x', '--output', 'a.jpg'],
    says: [/--output is "a\.jpg", and images are PNG files/],
  },
  { name: 'shell without completion', args: ['completion', 'tcsh'], says: [/The shell is "tcsh"/, /bash, zsh, fish/] },
  {
    name: 'port that is none',
    args: ['up', '--live-port', '99999'],
    says: [/--live-port is "99999".*from 1 to 65535/],
  },
  {
    name: 'page and no page',
    args: ['up', '--live-port', '8235', '--no-live'],
    says: [/--no-live and --live-port contradict each other/],
  },
  { name: 'extend without a budget', args: ['extend', 'any'], says: [/extend needs --budget/] },
  { name: 'enqueue without a candidate', args: ['enqueue', 'any'], says: [/enqueue needs a candidate/] },
  { name: 'candidate that is not numbers', args: ['enqueue', 'any', '--sample', 'a,b'], says: [/--sample has "a"/] },
  { name: 'status sorted by nothing', args: ['status', '--sort', 'colour'], says: [/--sort is "colour"/, /gain/] },
  { name: 'workers that are not number', args: [...SEARCH, '--workers', 'many'], says: [/--workers is "many"/] },
  { name: 'id with a slash', args: [...SEARCH, '--id', 'a/b'], says: [/--id "a\/b"/] },
  { name: 'up with an unknown model', args: ['up', '--model', 'shapess'], says: [/no model "shapess"/, /"shapes"/] },
  { name: 'up without a worker', args: ['up', '--workers', '0'], says: [/--workers is "0"/] },
  { name: 'worker without a batch', args: ['worker', '--batch', 'none'], says: [/--network-batch is "none"/] },
];

describe('wrong input: exit 2 before any server is looked for', () => {
  it.concurrent.for(WRONG)('$name', async ({ args, says }, { expect }) => {
    const data = newDataFolder();
    const models = [file('models'), process.env['QSCHED_MODELS'] ?? ''].filter(Boolean).join(':');
    const result = await runCli(args, data, { QSCHED_MODELS: models });
    for (const pattern of says) expect(result.stderr).toMatch(pattern);
    expect(result.code).toBe(2);
    expect(result.stdout).toBe('');
    expectClear(result);
    expect(existsSync(data)).toBe(false);
  });

  it('--json gives one document with the error', async () => {
    const { code, stdout } = await runCli([...SEARCH, '--budget', '0', '--json'], newDataFolder());
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'usage',
        message: expect.stringContaining('--budget is 0') as unknown,
        hint: expect.stringMatching(/.+/) as unknown,
      },
    });
  });

  it('--debug shows where it was thrown', async () => {
    expect((await runCli([...SEARCH, '--budget', '0', '--debug'], newDataFolder())).stderr).toMatch(/^\s+at /m);
  });
});

describe('nothing stored yet: exit 1', () => {
  const ALONE = [
    'status',
    'best',
    'export',
    'resume',
    'report',
    'images',
    'surface',
    'pareto',
    'rank',
    'export-optuna',
  ];
  const NAMED = ['pause any', 'unpause any', 'stop any', 'extend any --budget 9', 'priority any 1'];
  it.concurrent.for([...ALONE, ...NAMED])('%s', async (command, { expect }) => {
    const result = await runCli(command.split(' '), newDataFolder());
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/There is no database at .*\n {2}Run a search first: npx qsched search/);
    expectClear(result);
  });
});

describe('nothing stored by that name: exit 2', () => {
  it.concurrent.for([
    'status any',
    'report any',
    'images any',
    'pareto any',
    'plan any',
    'pause any',
    'priority any 1',
    'enqueue any --sample 1,1 --noise 1,1',
  ])('%s', async (command, { expect }) => {
    const data = newDataFolder();
    mkdirSync(data);
    openStore(join(data, 'qsched.db')).$client.close();
    const result = await runCli(command.split(' '), data);
    expect(result.stderr).toMatch(/There is no search,? .*"any"|There is no search "any"/);
    expect(result.stderr).toContain('There is none yet.');
    expect(result.code).toBe(2);
    expectClear(result);
    expect(readServerRecord(data)).toBeNull();
  });
});

describe('a world that does not cooperate: exit 1', () => {
  /** A data folder with an empty database. */
  function withDatabase(): { data: string; path: string } {
    const data = newDataFolder();
    mkdirSync(data);
    const path = join(data, 'qsched.db');
    openStore(path).$client.close();
    return { data, path };
  }

  /** What the refused search said. */
  async function refusal(data: string): Promise<string> {
    const result = await runCli(SEARCH, data);
    expect(result.code).toBe(1);
    expectClear(result);
    expect(result.stderr).not.toContain('starting the Temporal server');
    expect(readServerRecord(data)).toBeNull();
    return result.stderr;
  }

  it('a Temporal address that does not answer', async () => {
    const data = newDataFolder();
    const address = `127.0.0.1:${await freePort([])}`;
    const result = await runCli(SEARCH, data, { TEMPORAL_ADDRESS: address });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(new RegExp(`server at ${address} does not answer`));
    expect(result.stderr).toMatch(/TEMPORAL_ADDRESS/);
    expectClear(result);
    expect(existsSync(join(data, 'qsched.db'))).toBe(false);
  });

  it('a worker without a server', async () => {
    const result = await runCli(['worker', '--model', 'shapes'], newDataFolder());
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/npx qsched up/);
    expectClear(result);
  });

  it('a database from a newer version', async () => {
    const { data, path } = withDatabase();
    const database = new Database(path);
    database.exec("insert into __drizzle_migrations (hash, created_at) values ('later', 9000000000000)");
    database.close();
    expect(await refusal(data)).toMatch(/newer version[^]*Update qsched/);
  });

  it('a database that another program has locked', async () => {
    const { data, path } = withDatabase();
    const other = new Database(path);
    other.exec('begin immediate');
    try {
      expect(await refusal(data)).toMatch(/locked by another program[^]*Close the program/);
    } finally {
      other.close();
    }
  });

  it('a database that cannot be written', async () => {
    const { data, path } = withDatabase();
    const database = new Database(path);
    database.pragma('journal_mode = DELETE');
    database.close();
    makeReadOnly(path);
    expect(await refusal(data)).toMatch(/cannot be opened for writing[^]*permissions/);
  });

  it('a database that is something else', async () => {
    const { data, path } = withDatabase();
    writeFileSync(path, 'this is no database, and long enough to be taken for one that is damaged'.repeat(20));
    expect(await refusal(data)).toMatch(/not a qsched database[^]*QSCHED_DATA/);
  });

  it('a data folder that is a file', async () => {
    const data = newDataFolder();
    writeFileSync(data, '');
    const result = await runCli(SEARCH, data);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/data folder .* cannot be written/);
    expectClear(result);
  });
});

describe('a server that runs', () => {
  it('port taken: another one is taken; a second `up` is refused; no worker elsewhere is named with its command', async () => {
    const taken = await listen(7233);
    try {
      const data = newDataFolder();
      const up = await startUp(data);
      expect(up.address).not.toMatch(/:7233$/);

      const second = await runCli(['up', '--model', 'shapes'], data);
      expect(second.code).toBe(1);
      expect(second.stderr).toMatch(/are running already \(process \d+\)/);
      expectClear(second);

      const elsewhere = await runCli(['search', '--model', 'other'], newDataFolder(), {
        TEMPORAL_ADDRESS: up.address,
        QSCHED_MODELS: otherModel(),
      });
      expect(elsewhere.code).toBe(1);
      expect(elsewhere.stderr).toMatch(/No worker serves the queue "qsched-model-other"/);
      expect(elsewhere.stderr).toMatch(/npx qsched worker --model other/);
      expectClear(elsewhere);

      process.kill(up.pid, 'SIGTERM');
      expect((await up.result).code).toBe(0);
      expect(readServerRecord(data)).toBeNull();
    } finally {
      taken?.close();
    }
  });
});

/** The write version in SQLite's header: one higher than it knows means read-only, for any user. */
function makeReadOnly(path: string): void {
  const bytes = readFileSync(path);
  bytes[18] = 9;
  writeFileSync(path, bytes);
}

/** A model of another name with the same files, so that nobody serves it. */
function otherModel(): string {
  const root = mkdtempSync(join(scratch, 'root-'));
  const shapes = findModel('shapes');
  const models = join(shapes, '..');
  for (const folder of readdirSync(models)) {
    symlinkSync(join(models, folder), join(root, folder === basename(shapes) ? 'other' : folder));
  }
  return root;
}

async function listen(port: number): Promise<{ close(): void } | null> {
  const server = createServer();
  return new Promise((done) => {
    server.once('error', () => done(null)); // somebody has it already: as good
    server.listen(port, '127.0.0.1', () => done(server));
  });
}
