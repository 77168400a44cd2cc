/** `qsched pareto` on stores with known numbers: no server, no network, no model. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { paretoCommand, type ParetoFlags } from '../../cli/commands/pareto-command.js';
import type { ParetoDocument } from '../../cli/text/pareto-text.js';
import { openStore, type Store } from '../../db/open-store.js';
import { makeKnownSearch, type Making } from './known-search.js';

let folder: string;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-pareto-'));
  vi.stubEnv('QSCHED_DATA', folder);
  store = openStore(join(folder, 'qsched.db'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  store.$client.close();
  rmSync(folder, { recursive: true, force: true });
});

const makeSearch = (making?: Making): void => makeKnownSearch(store, 's', making);

function printed(flags: ParetoFlags = {}, id = 's'): string {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    expect(paretoCommand(id, flags)).toBe(0);
  } finally {
    spy.mockRestore();
  }
  return text;
}

const frontOf = (flags: ParetoFlags = {}): ParetoDocument =>
  JSON.parse(printed({ ...flags, json: true })) as ParetoDocument;

function refusal(flags: ParetoFlags): string {
  try {
    printed(flags);
  } catch (error) {
    const { message, hint, code } = error as { message: string; hint: string; code: string };
    return `${code}: ${message} ${hint}`;
  }
  return 'nothing was refused';
}

describe('the front of text against quality', () => {
  test('has its candidates with gains and the k at which each wins, and marks the one of the own k', () => {
    makeSearch({ open: 1, spec: { objective: { k: 1.5 } } });
    const { front, baseline, ...rest } = frontOf();
    expect(rest).toEqual({
      searchId: 's',
      status: 'finished',
      model: 'm',
      precision: 'w4a8',
      steps: 4,
      objective: 'jaq-clip',
      k: 1.5,
      atLeast: null,
      scores: [
        { name: 'text', direction: 'higher' },
        { name: 'quality', direction: 'higher' },
      ],
      compared: 5,
      allPairs: expect.any(Number) as number,
      excluded: 0,
      raced: [],
      failed: [5],
      open: [6],
    });
    expect(baseline).toEqual({ values: [0.25, 0.25] });
    expect(front.map(({ trial, values, chosen }) => [trial, values, chosen])).toEqual([
      [1, [1, 0.1], false],
      [2, [0.5, 0.5], true],
      [3, [0, 0.75], false],
    ]);
    expect(front[0]!.coefficients).toEqual({ sample: [1 + 1 / 64, 1], noise: [1, 1 - 1 / 64] });
    expect(front.map(({ wins }) => [wins!.from, wins!.to])).toEqual([
      [0, expect.closeTo(1.25, 12)],
      [expect.closeTo(1.25, 12), expect.closeTo(2, 12)],
      [expect.closeTo(2, 12), null],
    ]);
    // Every image of a candidate has the same terms here, so an interval is a point.
    expect(front[1]!.gains).toEqual(
      [0.25, 0.25].map((gain) => {
        const near = expect.closeTo(gain, 12) as number;
        return { gain: near, low: near, high: near };
      }),
    );
  });

  test('reads as a table', () => {
    makeSearch({ spec: { objective: { k: 1.5 } } });
    const text = printed();
    expect(text).toContain('s: m w4a8, 4 steps, finished; 3 of 5 candidates; 1 failed\n\nPareto front  text');
    expect(text).toMatch(
      /\n#2 \* +0\.5000 +0\.5000 +\+0\.2500 \[\+0\.2500, \+0\.2500\] +\+0\.2500 \[\+0\.2500, \+0\.2500\] +1\.25 to 2\n#3 /,
    );
    expect(text).toContain('  wins at k: where it has the highest text + k x quality\n');
    expect(text).toContain('  * k = 1.5, that of the search, puts it first\n');
    expect(text).toContain('#3  c^x   [1.0469, 1.0000]\n    c^eps [1.0000, 0.9531]\n');
    expect(printed({ format: 'csv' }).split('\n')[0]).toBe(
      'Pareto front,text,quality,gain in text,gain in quality,wins at k',
    );
    expect(printed({ format: 'markdown' })).toContain('\n- * k = 1.5, that of the search, puts it first\n');
  });

  test('estimates what was raced out from the images that it has, marks it, and never lets the search choose it', () => {
    makeSearch();
    store.$client.prepare("update trials set status = 'raced', pairs = 2, score = 9 where number = 2").run();
    const { front, raced, compared } = frontOf();
    expect(front.map(({ trial, pairs }) => [trial, pairs])).toEqual([
      [1, null],
      [2, 2],
      [3, null],
    ]);
    expect(front[1]!.values).toEqual([expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)]);
    expect(front[1]!.gains[0]).toEqual({ gain: expect.closeTo(0.25, 12) as number, low: null, high: null });
    expect(front.find(({ chosen }) => chosen)?.trial).not.toBe(2);
    expect([raced, compared]).toEqual([[2], 5]);
    expect(printed()).toContain(
      '3 of 5 candidates; 1 raced out on part of the images, estimated from them (~); 1 failed',
    );
    expect(printed()).toMatch(/\n~#2 /);
  });

  test('of equal candidates lists the earlier, the baseline first', () => {
    makeSearch({
      candidates: [
        [0.5, 0.5, 0],
        [0.5, 0.5, 0],
        [0.6, 0.4, 0],
        [0.6, 0.4, 0],
      ],
    });
    expect(frontOf().front.map(({ trial }) => trial)).toEqual([2, 0]);
    expect(printed()).toMatch(/\nbaseline \* /);
  });

  test('of the printed form weighs the text', () => {
    makeSearch();
    store.$client
      .prepare("update searches set spec = json_set(spec, '$.objective.type', 'jaq-preference-tables')")
      .run();
    const { front } = frontOf();
    expect(front.map(({ trial, wins }) => [trial, wins])).toEqual([
      [1, { from: expect.closeTo(0.8, 12) as number, to: null }],
      [2, { from: expect.closeTo(0.5, 12) as number, to: expect.closeTo(0.8, 12) as number }],
      [3, { from: 0, to: expect.closeTo(0.5, 12) as number }],
    ]);
    expect(printed()).toContain('highest k x text + quality\n');
  });

  test('has no interval from one prompt', () => {
    makeSearch({ spec: { prompts: { texts: ['a'], seeds: [0, 1] } } });
    expect(frontOf().front[1]!.gains[0]).toEqual({ gain: 0.25, low: null, high: null });
  });
});

describe('any two stored scores', () => {
  test('with a pair of CLIP-IQA, and a score whose direction is a matter of taste', () => {
    makeSearch({ names: ['cosine', 'clip-iqa.quality', 'clip-iqa.warm'] });
    const { front, scores } = frontOf({ scores: 'clip-score, clip-iqa.warm:lower' });
    expect(scores).toEqual([
      { name: 'clip-score', direction: 'higher' },
      { name: 'clip-iqa.warm', direction: 'lower' },
    ]);
    // CLIPScores 40, 20, 0, 16 and 10 of the baseline; warm .2, .9, .1, .3 and .5: #1 and #3 are not dominated.
    expect(front.map(({ trial, values, chosen }) => [trial, values[1], chosen])).toEqual([
      [1, 0.2, false],
      [3, 0.1, false],
    ]);
    expect(front[0]!.values[0]).toBeCloseTo(40, 12);
    expect(front[1]!.gains[1].gain).toBeCloseTo(0.4, 12);
    expect(front.map(({ wins }) => wins)).toEqual([
      { from: 0, to: expect.closeTo(400, 9) as number },
      { from: expect.closeTo(400, 9) as number, to: null },
    ]);
    expect(printed({ scores: 'clip-score,clip-iqa.warm:lower' })).toContain(
      'highest clip-score + k x (-clip-iqa.warm)\n',
    );
  });

  test('with a constraint', () => {
    makeSearch();
    const { front, compared, excluded, atLeast } = frontOf({ atLeast: 'text=-0.1,clip-iqa.noisiness=-0.2' });
    expect([front.map(({ trial }) => trial), compared, excluded]).toEqual([[2], 3, 2]);
    expect(atLeast).toEqual({ text: -0.1, 'clip-iqa.noisiness': -0.2 });
    expect(printed({ atLeast: 'text=-0.1' })).toContain('; 1 gain less than -0.1000 in text;');
  });

  test('of a plug-in whose folder is not here', () => {
    makeSearch({
      names: ['cosine', 'clip-iqa.quality', 'lustre'],
      spec: { objective: { weights: { 'clip-score-hessel': 1, 'clip-iqa.quality': 2 } } },
    });
    expect(refusal({ scores: 'text,lustre@objective' })).toBe(
      'usage: --scores: neither direction of lustre@objective is better by itself. Add the one that you mean: lustre@objective:higher or lustre@objective:lower',
    );
    expect(frontOf({ scores: 'text,lustre@objective:higher' }).front.map(({ trial }) => trial)).toEqual([1, 2]);
    expect(frontOf({ scores: 'score,lustre@objective:lower' }).k).toBeNull();
  });
});

test.each([
  [{ scores: 'text' }, 'usage: --scores is "text": a front needs two scores.'],
  [{ scores: 'text,quality,score' }, 'a front needs two scores.'],
  [{ scores: 'text,text' }, 'usage: --scores names text twice.'],
  [{ scores: 'text,quality:up' }, 'usage: --scores names "quality:up", but "up" is not a direction.'],
  [
    { scores: 'text:lower,quality' },
    'usage: --scores names text:lower, but a higher text is better. Write text alone.',
  ],
  [
    { scores: 'text,pickscore' },
    'usage: --scores names "pickscore", which is not stored for this search. Allowed: text, quality, score, clip-score, clip-score-hessel, clip-iqa.quality, clip-iqa.noisiness.',
  ],
  [{ scores: 'text,clip-iqa.warm:higher' }, 'usage: --scores names "clip-iqa.warm", which is not stored'],
  [{ scores: 'text,quality', format: 'html' }, 'usage: --format is "html".'],
] satisfies [ParetoFlags, string][])('%o is refused', (flags, sentence) => {
  makeSearch();
  expect(refusal(flags)).toContain(sentence);
});

test('a search without a scored candidate is refused', () => {
  makeSearch({ candidates: [[0.1, 0.1, 0.1]], finished: false, open: 1 });
  expect(refusal({})).toBe(
    'failure: The search "s" is running and has no scored candidate. Resume it: npx qsched resume s',
  );
});

test('a term that the objective does not have is refused', () => {
  makeSearch({ spec: { objective: { type: 'iq' } } });
  expect(refusal({})).toMatch(/^usage: --scores names "text", which is not stored for this search\. .*quality, score/);
});
