/** An evaluation from flags or a file: what is combined, what is omitted, and what is refused. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkEvaluation } from '../../cli/input/check-here.js';
import { readEvaluateSpec, type EvaluateSpecFlags } from '../../cli/input/evaluate-input.js';

let folder: string;
let before: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-input-'));
  before = process.env['QSCHED_DATA'];
  process.env['QSCHED_DATA'] = join(folder, 'data');
});
afterEach(() => {
  if (before === undefined) delete process.env['QSCHED_DATA'];
  else process.env['QSCHED_DATA'] = before;
  rmSync(folder, { recursive: true, force: true });
});

const rowsOf = (flags: EvaluateSpecFlags) =>
  readEvaluateSpec(undefined, flags).spec.rows.map(({ model, precision, scheduler: { steps }, schedule }) => [
    model,
    steps,
    precision,
    schedule,
  ]);

function file(text: string): string {
  const path = join(folder, 'table.yaml');
  writeFileSync(path, text);
  return path;
}

describe('flags', () => {
  test('are combined: steps, then precisions, then schedules', () => {
    expect(rowsOf({ model: 'm', steps: '2,4', precision: 'w8a8,w4a8', schedules: 'identity,search:one' })).toEqual(
      [2, 4].flatMap((steps) =>
        ['w8a8', 'w4a8'].flatMap((precision) =>
          ['identity', 'search:one'].map((schedule) => ['m', steps, precision, schedule]),
        ),
      ),
    );
  });

  test('alone are one row', () => {
    expect(rowsOf({ model: 'm' })).toEqual([['m', 4, 'w4a8', 'identity']]);
  });

  test('omit what full precision does not have, with a note', () => {
    const { spec, notes } = readEvaluateSpec(undefined, {
      model: 'm',
      precision: 'fp32,w4a8',
      schedules: 'identity,ptqd,match,q-sched',
    });
    expect(spec.rows.map(({ precision, schedule }) => [precision, schedule])).toEqual([
      ['fp32', 'identity'],
      ['w4a8', 'identity'],
      ['w4a8', 'ptqd'],
      ['w4a8', 'match'],
      ['w4a8', 'q-sched'],
    ]);
    expect(notes).toEqual([
      'ptqd of m fp32 is omitted: PTQD corrects quantised networks',
      'match of m fp32 is omitted: it is what quantised networks are matched with',
      'q-sched of m fp32 is omitted: no search of it has finished',
    ]);
  });

  test('set prompts, scores and features', () => {
    const path = join(folder, 'prompts.txt');
    writeFileSync(path, 'a red circle\na blue square\n');
    const { spec } = readEvaluateSpec(undefined, {
      model: 'm',
      prompts: path,
      noiseSeed: '1,2',
      k: '5',
      scorers: 'none',
      features: 'none',
    });
    expect(spec).toMatchObject({
      prompts: { texts: ['a red circle', 'a blue square'], seeds: [1, 2] },
      objective: { type: 'jaq-clip', k: 5 },
      scorers: [],
      features: null,
    });
    expect(
      readEvaluateSpec(undefined, { model: 'm', weights: 'clip-score=1,clip-iqa.quality=2', scorers: 'a,b' }).spec,
    ).toMatchObject({
      objective: { type: 'weighted', weights: { 'clip-score': 1, 'clip-iqa.quality': 2 } },
      scorers: ['a', 'b'],
    });
  });

  test.each([
    [{}, 'An evaluation needs a model, or a file with rows.'],
    [{ model: 'm', steps: '2,x' }, '--steps is "x"'],
    [{ model: 'm', precision: 'w4a8,w4a8' }, 'rows.0 and rows.1 are the same.'],
    [{ model: 'm', noiseSeed: '1,1' }, '--noise-seed is [1,1]: lists a seed twice.'],
    [{ model: 'm', precision: 'fp32', schedules: 'ptqd' }, 'Nothing is left to evaluate: ptqd of m fp32'],
    [{ model: 'm', prompts: './absent.txt' }, '--prompts: the file ./absent.txt cannot be read'],
  ])('%j are refused', (flags, message) => {
    expect(() => readEvaluateSpec(undefined, flags)).toThrow(message);
  });
});

describe('the files of this machine', () => {
  const check = (flags: EvaluateSpecFlags): void =>
    checkEvaluation(readEvaluateSpec(undefined, { model: 'shapes', ...flags }).spec);

  test('are enough for the bundled model', () => {
    expect(() => check({ precision: 'fp32,w4a8', steps: '2,4' })).not.toThrow();
  });

  test.each([
    [{ features: 'objectve' }, 'There is no scorer "objectve".'],
    [{ scheduler: 'lcm', spacing: 'linspace' }, 'spacing'],
    [{ count: '99999' }, 'prompts.count is 99999'],
    [{ prompts: 'nosuchset' }, 'There is no prompt set "nosuchset".'],
  ])('refuse %j', (flags, message) => {
    expect(() => check(flags)).toThrow(message);
  });

  test('refuse reference features that are damaged, before an image is generated', () => {
    const copy = join(folder, 'models', 'shapes');
    cpSync(join(import.meta.dirname, '..', '..', 'models', 'shapes'), copy, { recursive: true });
    const reference = join(copy, 'reference', 'shapes-clip-second.json');
    writeFileSync(reference, readFileSync(reference, 'utf8').slice(0, 400));
    process.env['QSCHED_MODELS'] = join(folder, 'models');
    try {
      expect(() => check({})).toThrow(/shapes-clip-second\.json cannot be read/);
      expect(() => check({ features: 'none' })).not.toThrow();
    } finally {
      delete process.env['QSCHED_MODELS'];
    }
  });
});

describe('a file', () => {
  test('is the spec, changed by flags', () => {
    const { spec } = readEvaluateSpec(file('rows:\n  - model: m\nprompts: { set: one, count: 3 }\n'), {
      count: '7',
      k: '1',
    });
    expect(spec).toMatchObject({ rows: [{ model: 'm' }], prompts: { set: 'one', count: 7 }, objective: { k: 1 } });
  });

  test('contains rows already', () => {
    expect(() => readEvaluateSpec(file('rows: [{ model: m }]'), { precision: 'w4a8' })).toThrow(
      '--precision describes rows, but',
    );
  });

  test('is refused with the line of what is wrong', () => {
    expect(() => readEvaluateSpec(file('rows:\n  - model: m\n  - model: m\n    precison: fp32\n'), {})).toThrow(
      /table\.yaml:\d: Unknown key "rows\.1\.precison"/,
    );
  });

  test('is overridden by --prompts', () => {
    expect(
      readEvaluateSpec(file('rows: [{ model: m }]\nprompts: { texts: [a, b] }\n'), { prompts: 'shapes-eval' }).spec
        .prompts,
    ).toEqual({ set: 'shapes-eval', count: 1000, seeds: [2000] });
  });
});
