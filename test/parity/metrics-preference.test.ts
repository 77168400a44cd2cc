/** ELO and Bradley-Terry against plain Python and scipy, from golden vectors. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bradleyTerry, bradleyTerryIntervals } from '../../metrics/statistics/bradley-terry.js';
import type { Comparison } from '../../metrics/statistics/comparisons.js';
import { eloRatings } from '../../metrics/statistics/elo.js';
import golden from '../golden/metrics/preference.json' with { type: 'json' };

const comparisonsOf = (games: readonly (readonly number[])[]) =>
  games.map(([first, second, outcome]) => ({ first, second, outcome }) as Comparison);
const game = (first: number, second: number, outcome: Comparison['outcome'] = 1): Comparison => ({
  first,
  second,
  outcome,
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  // A NaN stays: it fails every gate.
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** Wins minus expected wins of every player: 0 at the maximum of the likelihood. */
function surplus(players: number, ratings: Float64Array, comparisons: readonly Comparison[]): Float64Array {
  const rest = new Float64Array(players);
  for (const { first, second, outcome } of comparisons) {
    const more = outcome - 1 / (1 + 10 ** ((ratings[second]! - ratings[first]!) / 400));
    rest[first]! += more;
    rest[second]! -= more;
  }
  return rest;
}

describe.each(golden.cases)('$name', (one) => {
  const comparisons = comparisonsOf(one.games);

  // Exact but for the last bits of 10^x, which no two libraries share.
  test('ELO', () => {
    expect(
      largestDifference(eloRatings(one.players, comparisons, { seed: one.seed, shuffles: golden.shuffles }), one.elo),
    ).toBeLessThan(1e-10);
  });

  test('Bradley-Terry', () => {
    expect(largestDifference(bradleyTerry(one.players, comparisons), one.bradleyTerry)).toBeLessThan(1e-8);
  });

  test('intervals of Bradley-Terry', () => {
    const { seed, prompts, resamples, level } = one;
    const result = bradleyTerryIntervals(one.players, comparisons, { seed, prompts, resamples, level });
    expect(result.unbounded).toBe(0);
    expect(largestDifference(result.ratings, one.bradleyTerry)).toBeLessThan(1e-8);
    const ends = result.intervals.flatMap(({ low, high }) => [low, high]);
    expect(largestDifference(ends, one.intervals.flat())).toBeLessThan(1e-8);
  });
});

test('ELO of one game, by hand', () => {
  expect([...eloRatings(3, [game(0, 1)], { seed: 0 })]).toEqual([1016, 984, 1000]);
  expect([...eloRatings(2, [game(0, 1, 0.5)], { seed: 0 })]).toEqual([1000, 1000]);
});

test('Bradley-Terry of two players is the logit of the share of wins', () => {
  const comparisons = [game(0, 1), game(1, 0, 0), game(0, 1), game(1, 0)];
  const half = (200 / Math.log(10)) * Math.log(3);
  expect(largestDifference(bradleyTerry(2, comparisons), [1000 + half, 1000 - half])).toBeLessThan(1e-9);
});

test('Bradley-Terry of players far apart', () => {
  // Around a ring, each beat the next this often; some were beaten once. Newton's method with full steps runs away here.
  const times = [106, 2, 29, 225, 4, 270, 380];
  const beaten = [3, 5, 6];
  const comparisons = times.flatMap((wins, player) => {
    const next = (player + 1) % times.length;
    return [
      ...Array.from({ length: wins }, () => game(player, next)),
      ...(beaten.includes(player) ? [game(next, player)] : []),
    ];
  });
  const ratings = bradleyTerry(times.length, comparisons);
  expect(largestDifference(surplus(times.length, ratings, comparisons), new Float64Array(times.length))).toBeLessThan(
    1e-8,
  );
  expect(Math.max(...ratings) - Math.min(...ratings)).toBeGreaterThan(1000);
});

const chance = fc.constantFrom<Comparison['outcome'][]>(0, 0.5, 1);
/** Four players, with a cycle of wins, so that all have ratings. */
const cycled = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 }), chance), { maxLength: 40 })
  .map((rest) => [
    game(0, 1),
    game(1, 2),
    game(2, 3),
    game(3, 0),
    ...rest.map(([a, gap, outcome]) => game(a, (a + gap) % 4, outcome)),
  ]);

test('Bradley-Terry: expected wins are the wins, whichever player is named first', () => {
  fc.assert(
    fc.property(cycled, (comparisons) => {
      const ratings = bradleyTerry(4, comparisons);
      expect(largestDifference(surplus(4, ratings, comparisons), [0, 0, 0, 0])).toBeLessThan(1e-10);
      const swapped = comparisons.map(({ first, second, outcome }) =>
        game(second, first, (1 - outcome) as Comparison['outcome']),
      );
      expect(largestDifference(bradleyTerry(4, swapped), ratings)).toBeLessThan(1e-8);
    }),
    { seed: 5 },
  );
});

test('players without a finite rating are named', () => {
  expect(() => bradleyTerry(3, [game(0, 1), game(1, 0), game(2, 0), game(2, 1)])).toThrow(
    'Player 2 never lost or tied against the others',
  );
  expect(() => bradleyTerry(3, [game(0, 1), game(1, 0), game(0, 2), game(1, 2)])).toThrow(
    'Player 2 never won or tied against the others',
  );
  expect(() => bradleyTerry(4, [game(0, 1), game(1, 0), game(2, 3), game(3, 2), game(0, 2)])).toThrow(
    'players 0, 1 never lost or tied',
  );
  expect(() => bradleyTerry(3, [game(0, 1), game(1, 0)])).toThrow('Player 2');
  expect(bradleyTerry(3, [game(0, 1), game(1, 2), game(2, 0, 0.5)]).every(Number.isFinite)).toBe(true);
});

test('resamples without ratings are counted, and too many of them leave no interval', () => {
  const comparisons = [...Array.from({ length: 6 }, () => game(0, 1)), game(1, 0)];
  const { intervals, unbounded } = bradleyTerryIntervals(2, comparisons, { seed: 1, resamples: 200 });
  expect(unbounded).toBeGreaterThan(20);
  expect(intervals).toEqual([
    { low: -Infinity, high: Infinity },
    { low: -Infinity, high: Infinity },
  ]);
});

test('wrong input is refused', () => {
  const good = [game(0, 1), game(1, 0)];
  for (const rate of [bradleyTerry, (n: number, c: readonly Comparison[]) => eloRatings(n, c, { seed: 0 })]) {
    expect(() => rate(1, good)).toThrow('at least two players, not 1');
    expect(() => rate(2, [])).toThrow('no comparisons');
    expect(() => rate(2, [...good, game(0, 2)])).toThrow('Comparison 2 is between player 0 and player 2');
    expect(() => rate(2, [game(1, 1)])).toThrow('two different players from 0 to 1');
    expect(() => rate(2, [game(0, 1, Number.NaN as 0)])).toThrow('outcome of comparison 0 is NaN');
  }
  expect(() => eloRatings(2, good, { seed: 0, shuffles: 999 })).toThrow('at least 1000');
  expect(() => eloRatings(2, good, { seed: -1 })).toThrow('seed is -1');
  expect(() => bradleyTerryIntervals(2, good, { seed: 0, level: 1 })).toThrow('between 0 and 1');
  expect(() => bradleyTerryIntervals(2, good, { seed: 0, prompts: [1] })).toThrow('2 comparisons but 1 prompts');
  expect(() => bradleyTerryIntervals(2, good, { seed: 0, prompts: [1, 1] })).toThrow('at least two prompts');
});
