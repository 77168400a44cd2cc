/** `qsched rank` on stores with known numbers: no server, no network, no model. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rankCommand, type RankFlags } from '../../cli/commands/rank-command.js';
import type { RankDocument } from '../../cli/text/rank-text.js';
import { openStore, type Store } from '../../db/open-store.js';
import { makeKnownSearch, NAMES, PROVENANCE, type Making } from './known-search.js';

let folder: string;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-rank-'));
  vi.stubEnv('QSCHED_DATA', folder);
  vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
  store = openStore(join(folder, 'qsched.db'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  store.$client.close();
  rmSync(folder, { recursive: true, force: true });
});

const makeSearch = (id: string, making?: Making): void => makeKnownSearch(store, id, making);

/** What the command prints. */
function printed(ids: readonly string[], flags: RankFlags = {}): string {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    expect(rankCommand(ids, flags)).toBe(0);
  } finally {
    spy.mockRestore();
  }
  return text;
}

const ranked = (ids: readonly string[], flags: RankFlags = {}): RankDocument =>
  JSON.parse(printed(ids, { ...flags, json: true })) as RankDocument;

/** The sentence and the hint that a command ends with. */
function refusal(ids: readonly string[], flags: RankFlags = {}): string {
  try {
    printed(ids, flags);
  } catch (error) {
    const { message, hint, code } = error as { message: string; hint: string; code: string };
    return `${code}: ${message} ${hint}`;
  }
  return 'nothing was refused';
}

describe('one search', () => {
  test('is ranked at every k, with where the winner changes and the Pareto front', () => {
    makeSearch('s');
    const { ks, changes, pareto, searches, notes } = ranked(['s'], { k: '0.5,1,2.5,5' });
    expect(ks.map(({ k, winner, differs }) => [k, winner.trial, differs])).toEqual([
      [0.5, 1, true],
      [1, 1, true],
      [2.5, 3, true],
      [5, 3, true],
    ]);
    expect(ks[0]!.ownWinner).toEqual({ search: 's', trial: 2 });
    expect(ks[0]!.winner).toMatchObject({
      search: 's',
      tc: 1,
      iq: 0.1,
      score: 1.05,
      coefficients: { sample: [1 + 1 / 64, 1], noise: [1, 1 - 1 / 64] },
    });
    expect(ks[0]!.aboveIdentity).toBeCloseTo(1.05 - 0.375, 14);
    for (const { varianceShare } of ks) expect(varianceShare.tc + varianceShare.iq).toBeCloseTo(1, 12);
    expect(changes.map(({ from, to }) => [from.trial, to.trial])).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(changes[0]!.k).toBeCloseTo(1.25, 14);
    expect(changes[1]!.k).toBeCloseTo(2, 14);
    expect(pareto.map(({ trial }) => trial)).toEqual([1, 2, 3]);
    expect(pareto.map(({ wins }) => [wins!.from, wins!.to])).toEqual([
      [0, changes[0]!.k],
      [changes[0]!.k, changes[1]!.k],
      [changes[1]!.k, null],
    ]);
    expect(searches).toEqual([
      {
        id: 's',
        status: 'finished',
        model: 'm',
        precision: 'w4a8',
        steps: 4,
        k: 2,
        scored: 4,
        pairs: expect.any(Number) as number,
        raced: [],
        open: 0,
        failed: [5],
      },
    ]);
    expect(notes).toEqual([]);
  });

  test('by default is the latest that a user started, not the control of another', () => {
    makeSearch('s');
    makeSearch('s-control');
    expect(printed([])).toMatch(/^s: /);
    expect(printed(['s-control'])).toMatch(/^s-control: /);
    makeSearch('lonely-control');
    expect(printed([])).toMatch(/^lonely-control: /);
  });

  test("at its own k has the search's own scores, to the bit, and its own winner", () => {
    makeSearch('s', {
      candidates: Array.from(
        { length: 40 },
        (_, i) => [Math.abs(Math.sin(i)) / 3, Math.abs(Math.cos(7 * i)) / 7, 0.5] as const,
      ),
      spec: { objective: { k: 1.7 } },
    });
    const [at] = ranked(['s'], { k: '1.7', top: '40' }).ks;
    const stored = store.$client.prepare('select number as trial, score from trials order by score desc, number').all();
    expect(at!.top.map(({ trial, score }) => ({ trial, score }))).toEqual(stored);
    expect(at!.differs).toBe(false);
  });

  test('with another stored pair as quality', () => {
    makeSearch('s');
    const own = ranked(['s'], { k: '2,5' });
    expect(ranked(['s'], { k: '2,5', pair: 'quality' }).ks).toEqual(own.ks);
    const other = ranked(['s'], { k: '2', pair: 'clip-iqa.noisiness' });
    expect(other.pair).toBe('noisiness');
    expect(other.ks[0]).toMatchObject({ winner: { trial: 2, iq: 0.9 }, ownWinner: { trial: 2 } });
    expect(other.pareto.map(({ trial }) => trial)).toEqual([1, 2]);
  });

  test('of the printed form weighs the text', () => {
    makeSearch('s', { spec: { objective: { type: 'jaq-clip' } } });
    store.$client
      .prepare("update searches set spec = json_set(spec, '$.objective.type', 'jaq-preference-tables')")
      .run();
    expect(ranked(['s'], { k: '0,0.4,1' }).ks.map(({ winner }) => [winner.trial, winner.score])).toEqual([
      [3, 0.75],
      [3, 0.75],
      [1, 1.1],
    ]);
  });

  test('of a weighted sum weighs its quality side, by 1 in the search itself', () => {
    makeSearch('s', { spec: { objective: { weights: { 'clip-score-hessel': 1, 'clip-iqa.quality': 2 } } } });
    const { searches, ks } = ranked(['s'], { k: '1,5' });
    expect(searches[0]!.k).toBe(1);
    expect(ks.map(({ winner, differs }) => [winner.trial, winner.iq, differs])).toEqual([
      [2, 1, false],
      [3, 1.5, true],
    ]);
    // A plug-in's folder, which says what its scores are, is not needed.
    store.$client
      .prepare(
        'update searches set spec = json_set(spec, \'$.objective.weights\', json(\'{"mine@plug-in": -1, "other": 1}\'))',
      )
      .run();
    expect(ranked(['s'], { k: '1,5' }).ks).toEqual(ks);
    expect(refusal(['s'], { pair: 'warm' })).toBe(
      'failure: The images of "s" have no stored CLIP-IQA pair "warm". Its objective does not use CLIP-IQA. Omit --pair.',
    );
  });

  test('that has no text term says that k changes nothing', () => {
    makeSearch('s', { spec: { objective: { type: 'iq' } } });
    const { ks, changes, notes, pareto } = ranked(['s']);
    expect(ks.map(({ winner }) => [winner.trial, winner.tc, winner.score])).toEqual(
      [0.5, 1, 2, 5].map(() => [3, null, 0.75]),
    );
    expect([changes, pareto.length]).toEqual([[], 1]);
    expect(notes).toEqual(['The objective iq has only one term here, so k has no effect.']);
  });

  test('of a weighted sum reads as its own formula, with the weights', () => {
    makeSearch('s', { spec: { objective: { weights: { 'clip-score-hessel': 1, 'clip-iqa.quality': 2 } } } });
    const both = printed(['s'], { k: '1,5' });
    expect(both).toContain(
      '4 steps, searched with score = text + quality, ' +
        'weights {"clip-iqa.quality":2,"clip-score-hessel":1}, finished; 4 candidates',
    );
    expect(both).toContain('\n  score = text + k x quality, on the calibration prompts; share of variance');
    expect(ranked(['s']).weights).toEqual({ 'clip-score-hessel': 1, 'clip-iqa.quality': 2 });
    makeSearch('alone', { spec: { objective: { weights: { 'clip-iqa.quality': 2 } } } });
    const alone = printed(['alone']);
    expect(alone).toContain('searched with score = quality, weights {"clip-iqa.quality":2}, ');
    expect(alone).toContain('\n  score = quality, on the calibration prompts\n');
    makeSearch('iq', { spec: { objective: { type: 'iq' }, scheduler: { steps: 1 } } });
    expect(printed(['iq'])).toContain('iq: m w4a8, 1 step, searched with score = quality, finished');
  });

  test('with nothing above the baseline names the baseline, also in the Pareto front', () => {
    makeSearch('s', {
      candidates: [
        [0.5, 0.5, 0.5],
        [0.4, 0.6, 0.5],
        [0.2, 0.3, 0.5],
      ],
    });
    const { ks, changes, pareto, searches } = ranked(['s'], { k: '0.5,2' });
    expect(
      ks.map(({ winner, aboveIdentity, ownWinner, differs }) => [
        winner.trial,
        aboveIdentity,
        ownWinner.trial,
        differs,
      ]),
    ).toEqual([
      [0, 0, 1, true],
      [1, expect.closeTo(0.1, 12), 1, false],
    ]);
    expect(changes).toEqual([
      { k: expect.closeTo(1, 12) as number, from: { search: 's', trial: 0 }, to: { search: 's', trial: 1 } },
    ]);
    expect(pareto.map(({ trial }) => trial)).toEqual([0, 1]);
    expect(searches[0]!.scored).toBe(2);
    const text = printed(['s'], { k: '0.5' });
    expect(text).toMatch(/\n0\.5 +baseline +0\.5000 +0\.5000 +0\.7500 +\+0\.0000 .* differs: #1\n/);
    expect(text).toContain('The winner at k = 0.5 is baseline.\n');
    expect(text).toMatch(/\nbaseline +0\.5000 +0\.5000 +0 to 1\n#1 /);

    makeSearch('worse', {
      candidates: [
        [0.5, 0.5, 0.5],
        [0.4, 0.5, 0.5],
      ],
    });
    expect(ranked(['worse'], { k: '2' }).ks[0]).toMatchObject({
      winner: { trial: 0 },
      ownWinner: { trial: 0 },
      differs: false,
    });
    expect(printed(['s', 'worse'], { k: '0.5' })).toContain('s baseline');
  });

  test('at a huge k has shares of the variance that are numbers', () => {
    makeSearch('s');
    expect(printed(['s'], { k: '1e300' })).toMatch(/ -?0 % \/ 100 % /);
    expect(ranked(['s'], { k: '1e300' }).ks[0]!.varianceShare.iq).toBe(1);
  });

  test('that is unfinished ranks what it has, and says so', () => {
    makeSearch('s', { finished: false, open: 2 });
    const { notes, ks, searches } = ranked([], { k: '1' });
    expect(ks[0]!.winner.trial).toBe(1);
    expect(searches[0]).toMatchObject({ status: 'running', scored: 4, open: 2, failed: [5] });
    expect(notes).toEqual([
      'The search "s" is running: 4 of its 32 candidates are scored, 2 are not scored yet, 1 failed. The ranking covers the scored ones.',
    ]);
  });

  test('reads as tables', () => {
    makeSearch('s');
    const text = printed(['s'], { k: '1,5', top: '2' });
    expect(text).toContain('s: m w4a8, 4 steps, searched with k = 2, finished; 4 candidates ranked, 1 failed: #5\n');
    expect(text).toMatch(/\n1 {2}#1 +1\.0000 {2}0\.1000 +1\.1000 {2}\+0\.6000 +\d+ % \/ -?\d+ % +differs: #2\n/);
    expect(text).toContain('#3  c^x   [1.0469, 1.0000]\n    c^eps [1.0000, 0.9531]\n');
    expect(text).toContain(
      'At k = 1.25 the winner changes from #1 to #2.\nAt k = 2 the winner changes from #2 to #3.\n',
    );
    expect(text).toMatch(/#3 +0\.0000 {2}0\.7500 {3}2 and above\n$/);
    expect(printed(['s'], { k: '3,4' })).toContain('The winner is the same from k = 3 to 4.');
    expect(printed(['s'], { k: '3' })).toContain('The winner at k = 3 is #3.\n');
  });
});

describe('a constraint', () => {
  test('leaves out candidates that gain less over the baseline', () => {
    makeSearch('s');
    // Gains in text over 0.25: #1 +0.75, #2 +0.25, #3 -0.25, #4 +0.15.
    const { ks, pareto, searches, notes } = ranked(['s'], { k: '2,5', atLeast: 'text=-0.1' });
    expect(ks.map(({ winner }) => winner.trial)).toEqual([2, 2]);
    expect(pareto.map(({ trial }) => trial)).toEqual([1, 2]);
    expect(searches[0]!.scored).toBe(4);
    expect(notes).toEqual(['1 of 4 candidates gains less over its baseline than --at-least text=-0.1 asks for.']);
    expect(ranked(['s'], { k: '5', atLeast: 'text=-0.25' }).ks[0]!.winner.trial).toBe(3);
    const noisy = ranked(['s'], { k: '5', atLeast: 'text=0, clip-iqa.noisiness=0.3' });
    expect([noisy.ks[0]!.winner.trial, noisy.pareto.length]).toEqual([2, 1]);
    expect(noisy.ks[0]!.aboveIdentity).toBeCloseTo(3 - 1.5, 12);
  });

  test.each([
    [
      { atLeast: 'text' },
      'usage: --at-least: "text" is not a score with a number. For example: --at-least text=-0.002',
    ],
    [{ atLeast: 'text=a' }, 'usage: --at-least: the number of text is "a", which is not a finite number.'],
    [{ atLeast: 'text=1,text=2' }, 'usage: --at-least names text twice.'],
    [
      { atLeast: 'hpsv2=0' },
      'usage: --at-least names "hpsv2", which is not stored for this search. Allowed: text, quality, score, clip-score,',
    ],
    [{ atLeast: 'txt=0' }, 'Did you mean "text"?'],
    [{ atLeast: 'text=2' }, 'usage: No candidate gains as much over its baseline as --at-least text=2 asks for.'],
  ] satisfies [RankFlags, string][])('%o is refused', (flags, sentence) => {
    makeSearch('s');
    expect(refusal(['s'], flags)).toContain(sentence);
  });
});

test('candidates that were raced out are ranked by estimates from the images that they have, and marked', () => {
  makeSearch('s');
  store.$client.prepare("update trials set status = 'raced', pairs = 2 where number = 3").run();
  const { ks, searches, notes } = ranked(['s'], { k: '5' });
  const { winner } = ks[0]!;
  expect([winner.trial, winner.pairs, searches[0]!.scored, searches[0]!.raced]).toEqual([3, 2, 4, [3]]);
  expect(notes).toEqual([]);
  expect(printed(['s'])).toContain(
    'finished; 4 candidates ranked, 1 of them raced out (~: estimates from the images that they have), 1 failed: #5\n',
  );
  expect(printed(['s'], { k: '5' })).toMatch(/\n5 +~#3 /);
});

describe('several searches', () => {
  test('in one ranking, where only k differs', () => {
    makeSearch('one');
    makeSearch('two', {
      spec: { objective: { k: 1 } },
      candidates: [
        [0.25, 0.25, 0.5],
        [0.6, 0.6, 0.5],
      ],
    });
    const { ks, changes, notes } = ranked(['one', 'two', 'one'], { k: '0.5,2,10' });
    expect(ks.map(({ winner, differs }) => [winner.search, winner.trial, differs])).toEqual([
      ['one', 1, true],
      ['two', 1, false],
      ['one', 3, true],
    ]);
    expect(changes.map(({ from, to }) => `${from.search}${from.trial} ${to.search}${to.trial}`)).toEqual([
      'one1 two1',
      'two1 one3',
    ]);
    expect(notes).toEqual([]);
    expect(printed(['one', 'two'], { k: '2' })).toContain('two #1');
  });

  test('of another precision or schedule are a comparison, and say so', () => {
    makeSearch('one');
    makeSearch('two', {
      spec: { precision: 'w8a8', scheduler: { steps: 8 } },
      provenance: { ...PROVENANCE, precision: 'w8a8', files: { 'unet.onnx': 'c' }, schedule: { steps: 8 } },
    });
    expect(ranked(['one', 'two'], { k: '1' }).notes).toEqual([
      'The searches differ in precision (w4a8, w8a8): this compares networks, not coefficients alone.',
      'The searches differ in schedule (tcd, 4 steps, eta 0; tcd, 8 steps, eta 0): this compares schedules, not coefficients alone.',
    ]);
  });

  test.each([
    [
      'another scorer version',
      { provenance: { ...PROVENANCE, scorer: { ...PROVENANCE.scorer, version: 4 } } },
      'different versions of the scorer "objective" (3, 4)',
    ],
    [
      'other scorer files',
      { provenance: { ...PROVENANCE, scorer: { ...PROVENANCE.scorer, files: {} } } },
      'different files or settings of the scorer "objective"',
    ],
    [
      'another numeric class',
      { provenance: { ...PROVENANCE, numeric: { provider: 'cuda', batch: 20 } } },
      'different numeric classes ({"batch":20,"provider":"cpu"}, {"batch":20,"provider":"cuda"})',
    ],
    [
      'other model files',
      { provenance: { ...PROVENANCE, files: { 'unet.onnx': 'z' } } },
      'different files of the model "m" at w4a8',
    ],
    ['another model', { spec: { model: 'n' } }, 'different models (m, n)'],
    [
      'another objective',
      { spec: { objective: { type: 'jaq-clip-log' } } },
      'different objectives (jaq-clip, jaq-clip-log)',
    ],
    ['other prompts', { spec: { prompts: { texts: ['a', 'x'], seeds: [0, 1] } } }, 'different calibration prompts'],
    ['other seeds', { spec: { prompts: { texts: ['a', 'b'], seeds: [0, 2] } } }, 'different seeds ([0, 1], [0, 2])'],
  ] satisfies [string, Making, string][])('with %s are refused', (_, making, difference) => {
    makeSearch('one');
    makeSearch('two', making);
    expect(refusal(['one', 'two'])).toBe(
      `usage: "one" and "two" cannot be ranked together: they have ${difference}. Rank them separately.`,
    );
  });
});

describe('bad input', () => {
  test.each([
    [{ k: 'abc' }, '--k contains "abc"'],
    [{ k: '1,-2' }, '--k contains "-2"'],
    [{ k: '1,,2' }, '--k contains ""'],
    [{ k: '' }, '--k is empty'],
    [{ k: ' , ' }, '--k is empty'],
    [{ k: 'Infinity' }, '--k contains "Infinity"'],
    [{ k: 'NaN' }, '--k contains "NaN"'],
    [{ pair: 'noisyness' }, '--pair is "noisyness", which is not a CLIP-IQA pair. Did you mean "noisiness"?'],
    [{ pair: 'constructor' }, '--pair is "constructor"'],
    [{ top: '0' }, '--top is "0"'],
    [{ top: '1.5' }, '--top is "1.5"'],
  ] satisfies [RankFlags, string][])('%o', (flags, sentence) => {
    makeSearch('s');
    expect(refusal(['s'], flags)).toContain(`usage: ${sentence}`);
  });

  test('an unknown search has a suggestion', () => {
    makeSearch('shapes-one');
    expect(refusal(['shapes-onn'])).toMatch(
      /^usage: There is no search "shapes-onn" in .* Did you mean "shapes-one"\?/,
    );
  });

  test('a search without a scored trial, and one whose images lack the pair', () => {
    makeSearch('none', { candidates: [[0.1, 0.1, 0.1], null], finished: false, open: 1 });
    expect(refusal(['none'])).toBe(
      'failure: The search "none" is running and has no scored trial to rank. Resume it: npx qsched resume none',
    );
    makeSearch('old', { names: NAMES.slice(0, 2) });
    expect(refusal(['old'], { pair: 'noisiness' })).toBe(
      'failure: The images of "old" have no stored CLIP-IQA pair "noisiness". Stored: quality.',
    );
  });
});

test('the real command line ranks 200 trials with no server to reach, and leaves the store as it was', () => {
  makeSearch('big', {
    candidates: Array.from(
      { length: 201 },
      (_, i) => [Math.abs(Math.sin(i)), Math.abs(Math.cos(3 * i)), Math.abs(Math.sin(2 * i))] as const,
    ),
  });
  const dump = () => JSON.stringify(store.$client.prepare('select * from trials order by number').all());
  const before = dump();
  const root = join(import.meta.dirname, '..', '..');
  const args = ['--import', 'tsx', join(root, 'cli', 'main.ts'), 'rank', 'big', '--k', '0.5,1,2,5', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, QSCHED_DATA: folder, TEMPORAL_ADDRESS: '127.0.0.1:1' },
  });
  expect([status, stderr]).toEqual([0, '']);
  expect((JSON.parse(stdout) as RankDocument).ks.map(({ k }) => k)).toEqual([0.5, 1, 2, 5]);
  expect(dump()).toBe(before);
});
