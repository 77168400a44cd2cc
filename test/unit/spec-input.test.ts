/** A search from flags and a YAML file: what overrides what, and how messages name a mistake. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEvaluateSpec } from '../../cli/input/evaluate-input.js';
import { readSpec, type SpecFlags } from '../../cli/input/spec-input.js';
import { QschedError } from '../../contract/errors.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-spec-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `a circle, number ${i}\n`).join('');

/** The error for flags and a YAML file. */
function refusal(flags: SpecFlags, yaml?: string | Uint8Array): QschedError {
  try {
    readSpec(
      yaml === undefined ? undefined : file('spec.yaml', yaml),
      yaml === undefined ? { model: 'shapes', ...flags } : flags,
    );
  } catch (error) {
    if (error instanceof QschedError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(flags)} were accepted`);
}

/** The prompts of `search` and of `evaluate`. */
const COMMANDS = [
  [
    'search',
    (yaml: string | undefined, flags: SpecFlags) =>
      readSpec(
        yaml === undefined ? undefined : file('search.yaml', `model: shapes\n${yaml}`),
        yaml === undefined ? { model: 'shapes', ...flags } : flags,
      ).spec.prompts,
  ],
  [
    'evaluate',
    (yaml: string | undefined, flags: SpecFlags) =>
      readEvaluateSpec(
        yaml === undefined ? undefined : file('table.yaml', `rows: [{ model: shapes }]\n${yaml}`),
        yaml === undefined ? { model: 'shapes', ...flags } : flags,
      ).spec.prompts,
  ],
] as const;

describe.each(COMMANDS)('prompts of %s', (_, promptsOf) => {
  test('of a file: all of them, or the first so many', () => {
    const prompts = file('mine.txt', lines(100));
    const all = promptsOf(undefined, { prompts });
    expect([all.count, all.texts?.length]).toEqual([100, 100]);
    const some = promptsOf(undefined, { prompts, count: '20' });
    expect([some.count, some.texts?.length, some.texts?.[19]]).toEqual([20, 20, 'a circle, number 19']);
    expect(() => promptsOf(undefined, { prompts, count: '101' })).toThrow(
      `--count is 101, but ${prompts} contains 100 prompts.`,
    );
  });

  test('of a file that is larger than a spec may be, with a count', () => {
    const prompts = file('large.txt', lines(2000));
    expect(() => promptsOf(undefined, { prompts })).toThrow('takes at most 512 prompts');
    expect(promptsOf(undefined, { prompts, count: '30' }).texts).toHaveLength(30);
  });

  test.each(['0', '-3', '2.5', 'many', 'NaN', '1e99', ''])('with the count %j are refused', (count) => {
    expect(() => promptsOf(undefined, { prompts: file('mine.txt', lines(4)), count })).toThrow(
      /^--count is (?!.*prompts\.count)/,
    );
    expect(() => promptsOf('prompts: { texts: [a, b, c] }\n', { count })).toThrow(/^--count is (?!.*prompts\.count)/);
  });

  test('of a flag replace those in the file', () => {
    const yaml = 'prompts: { texts: [a, b, c], seeds: [7] }\n';
    expect(promptsOf(yaml, { prompts: 'parti-1' })).toEqual({
      ...promptsOf('prompts: { set: parti-1, seeds: [7] }\n', {}),
    });
    expect(promptsOf(yaml, { prompts: file('mine.txt', lines(4)) })).toMatchObject({ count: 4, seeds: [7] });
    expect(promptsOf('prompts: { set: one, count: 3 }\n', { prompts: file('mine.txt', lines(4)) })).toMatchObject({
      count: 4,
    });
    expect(promptsOf('prompts: { set: one, count: 3 }\n', { prompts: 'two' })).toMatchObject({ set: 'two', count: 3 });
    expect(promptsOf('prompts: { set: one, count: 3 }\n', { count: '5' })).toMatchObject({ set: 'one', count: 5 });
    expect(promptsOf(yaml, { count: '2' })).toMatchObject({ texts: ['a', 'b'], count: 2 });
  });

  test('are a group, also under a flag', () => {
    expect(() => promptsOf('prompts: shapes-eval\n', { count: '3' })).toThrow(
      /\.yaml:2: prompts is "shapes-eval": must be a group of keys/,
    );
    expect(() => promptsOf('prompts: [a, b]\n', { prompts: 'parti-1' })).toThrow(
      /\.yaml:2: prompts is \["a","b"\]: must be a group of keys/,
    );
  });

  test('of what is not a file', () => {
    mkdirSync(join(folder, 'set'));
    expect(() => promptsOf(undefined, { prompts: join(folder, 'set') })).toThrow(
      /--prompts: the file .*set cannot be read \(it is a folder\)\./,
    );
    expect(() => promptsOf(undefined, { prompts: join(folder, 'absent.txt') })).toThrow(
      /--prompts: the file .*absent\.txt cannot be read \(it does not exist\)\./,
    );
  });
});

test('the other splits have their own flags', () => {
  const [select, confirm] = [
    file('select.txt', lines(30)),
    file('confirm.csv', `text\n${lines(40).replaceAll(',', '')}`),
  ];
  const { spec } = readSpec(undefined, {
    model: 'shapes',
    selectPrompts: select,
    selectCount: '3',
    confirmPrompts: confirm,
    confirmCount: '5',
  });
  expect([spec.select.count, spec.select.texts?.length, spec.confirm.count, spec.confirm.texts?.length]).toEqual([
    3, 3, 5, 5,
  ]);
  expect(refusal({ confirmPrompts: confirm, confirmCount: '41' }).message).toBe(
    `--confirm-count is 41, but ${confirm} contains 40 prompts.`,
  );
  expect(refusal({ selectPrompts: select, selectCount: '0' }).message).toMatch(
    /^--select-count is 0: must be from 1 to/,
  );
});

describe('a YAML file', () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    [
      'tabs',
      'model: shapes\n\toptimizer: grid\n',
      /spec\.yaml:2: this is not YAML: Tabs are not allowed as indentation\.$/,
    ],
    ['a key twice', 'model: shapes\nmodel: other\n', /spec\.yaml:2: this is not YAML: Map keys must be unique\.$/],
    [
      'two documents',
      'model: shapes\n---\nmodel: other\n',
      /spec\.yaml:2: this is not YAML: a second document starts here, but a spec is a single document\.$/,
    ],
    ['a tag', 'model: !!js/function "x"\n', /spec\.yaml:1: this is not YAML: Unresolved tag/],
    [
      'an unknown anchor',
      'model: shapes\nprompts: *nope\n',
      /spec\.yaml does not contain a spec: Unresolved alias .*nope\.$/,
    ],
    [
      'an anchor in itself',
      'model: shapes\nprompts: &p\n  texts: [*p]\n',
      /spec\.yaml does not contain a spec: an anchor contains itself\.$/,
    ],
    ['bad UTF-8', Uint8Array.of(0x6d, 0x3a, 0x20, 0xc3, 0x28), /spec\.yaml is not UTF-8 text\.$/],
    ['nothing', '', /spec\.yaml does not contain a spec\.$/],
    ['a list', '- model: shapes\n', /spec\.yaml does not contain a spec\.$/],
    [
      'another count than its texts',
      'model: shapes\nprompts: { texts: [a, b],\n  count: 5 }\n',
      /spec\.yaml:3: prompts\.count is 5, but prompts\.texts holds 2 prompts\.$/,
    ],
  ])('with %s is refused', (_, content, message) => {
    expect(refusal({}, content).message).toMatch(message);
  });

  test('may begin with a byte order mark', () => {
    expect(readSpec(file('spec.yaml', '\ufeffmodel: shapes\r\nprecision: w8a8\r\n'), {}).spec).toMatchObject({
      model: 'shapes',
      precision: 'w8a8',
    });
  });

  test('that is a folder or absent says so', () => {
    expect(() => readSpec(folder, {})).toThrow(/cannot be read \(it is a folder\)\.$/);
    expect(() => readSpec(join(folder, 'absent.yaml'), {})).toThrow(/absent\.yaml does not exist\.$/);
  });

  test('with one anchor for two groups: a flag changes only its own group', () => {
    const path = file('spec.yaml', 'model: shapes\nprompts: &few { count: 4 }\nselect: *few\n');
    const { prompts, select } = readSpec(path, { count: '7' }).spec;
    expect([prompts.count, select.count]).toEqual([7, 4]);
  });
});

describe('flags', () => {
  test.each([
    [{ k: 'NaN' }, '--k is "NaN": must be a number'],
    [{ k: '-1' }, '--k is -1: must not be negative.'],
    [{ k: '1e300' }, '--k is 1e+300: must be at most 1000.'],
    [{ noiseSeed: '1.5' }, 'A value of --noise-seed is 1.5: must be a whole number'],
    [{ noiseSeed: '1,,2' }, 'A value of --noise-seed is "": must be a whole number'],
    [{ noiseSeed: '1,1' }, '--noise-seed is [1,1]: lists a seed twice.'],
    [{ weights: '' }, '--weights: "" is not a score with a weight.'],
    [{ weights: 'clip-score' }, '--weights: "clip-score" is not a score with a weight.'],
    [{ weights: '=1' }, '--weights: "=1" is not a score with a weight.'],
    [{ weights: 'clip-score=x' }, 'clip-score in --weights is "x": must be a finite number.'],
    [{ weights: 'clip-score=' }, 'clip-score in --weights is "": must be a finite number.'],
    [{ weights: 'clip-score=1, clip-score=2' }, '--weights names clip-score twice.'],
    [{ prompts: '' }, '--prompts is "": must be a plain name'],
    [{ gridPoints: '3' }, '--grid-points is only for the grid, and --optimizer is "auto".'],
    [{ steps: '0', budget: '0' }, '--steps is 0: must be from 1 to 50. (and 1 more: --budget)'],
    [{ objective: 'jaq' }, '--objective is "jaq", which is not one of the choices.'],
    [
      { weights: 'clip-score=1', objective: 'iq' },
      '--weights is only for the weighted objective, and --objective is "iq".',
    ],
    [{ confirmCount: '1' }, '--confirm-count is 1: must be from 2 to'],
    [{ model: '../shapes' }, '--model is "../shapes": must be a plain name'],
  ])('%j are refused', (flags, message) => {
    expect(refusal(flags).message).toContain(message);
  });

  test.each([
    [{ steps: '0' }, 'For example: --steps 4'],
    [{ range: '1.2,0.8' }, 'For example: --range 0.8,1.2'],
    [{ noiseSeed: '1,1' }, 'For example: --noise-seed 0,1'],
    [{ optimizer: 'cmaes' }, expect.stringMatching(/^Did you mean "cma-es"\?/) as string],
    [{ gridPoints: '3' }, 'Remove it, or set --optimizer to "grid".'],
  ])('%j have a hint that can be typed', (flags, hint) => {
    expect(refusal(flags).hint).toEqual(hint);
  });

  test('that are missing have one too', () => {
    expect(() => readSpec(undefined, { precision: 'w4a8' })).toThrow(
      expect.objectContaining({ message: '--model is missing.', hint: 'For example: --model shapes' }) as Error,
    );
  });

  test('of a command with a file: only what was typed is named by its flag', () => {
    const path = file('both.yaml', 'model: shapes\nscheduler: { steps: 0 }\n');
    expect(() => readSpec(path, { budget: '3' })).toThrow(/both\.yaml:2: scheduler\.steps is 0/);
    expect(() => readSpec(path, { steps: '0' })).toThrow(/^--steps is 0/);
  });

  test('name fields in messages of later checks', () => {
    const { places } = readSpec(undefined, { model: 'shapes', count: '9999' });
    const check = (): never => {
      throw new QschedError('usage', 'prompts.count is 9999, but the prompt set has 20.', 'Change prompts.count.');
    };
    expect(() => places.named(check)).toThrow('--count is 9999, but the prompt set has 20.');
  });

  test('of an evaluation are named too', () => {
    const told = (flags: object, message: string) =>
      expect(() => readEvaluateSpec(undefined, { model: 'shapes', ...flags })).toThrow(message);
    told({ steps: '4,x' }, '--steps is "x"');
    told({ schedules: 'identity,best' }, '--schedules is "best": must be identity');
    told({ k: 'nan' }, '--k is "nan"');
    told({ scorers: '' }, 'A value of --scorers is ""');
    expect(() =>
      readEvaluateSpec(file('table.yaml', 'rows: [{ model: shapes }]\nprompts: { count: 4 }\n'), { count: '1' }),
    ).toThrow(/^--count is 1: must/);
  });
});
