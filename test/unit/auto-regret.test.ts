/** The surfaces of the benchmark auto-regret: the same numbers as in tools/bench_peers/surfaces.py. */
import { describe, expect, it } from 'vitest';
import { compared, peersIn, readPeers } from '../../bench/auto-regret/compare.js';
import { population, readProblems, regretAt, scoreOf } from '../../bench/auto-regret/surfaces.js';

const of = readProblems();

describe('the problems of auto-regret', () => {
  it('are eight in two and in four dimensions, with prompts for 30 seeds', () => {
    expect([2, 4].map((d) => of.problems.filter(({ dimension }) => dimension === d).length)).toEqual([8, 8]);
    expect([of.seeds, of.prompts.length, of.normals.length]).toEqual([30, 30, 3000]);
    for (const prompts of of.prompts) expect(new Set(prompts).size).toBe(20);
  });

  it.each(of.problems)('$name in $dimension dimensions has the bits of Python, and its optimum', (problem) => {
    expect(population(problem, problem.at)).toBe(problem.scoreAt);
    expect(regretAt(problem, problem.at)).toBeLessThan(1e-4);
    const middle = new Array<number>(problem.dimension).fill(0.5);
    expect(regretAt(problem, middle)).toBeGreaterThan(1e-4);
    const at = (variant: 'prompts' | 'noise', index: number): number =>
      scoreOf(of, problem, { variant, seed: 2, index }, middle);
    expect(at('prompts', 0)).toBe(at('prompts', 1));
    expect(at('noise', 0)).not.toBe(at('noise', 1));
  });
});

describe('regrets beside a peer', () => {
  it('are compared on the seeds of both, with an interval around the ratio', () => {
    for (const dimension of [2, 4]) {
      const peers = peersIn(readPeers(), of, 'prompts', dimension, 0);
      expect(peers.map(({ name }) => name).sort()).toEqual(['gp-sampler', 'ngopt', 'one-plus-one', 'pycma', 'tpe']);
      const [one, other] = [peers[0]!, peers.find(({ name }) => name === 'pycma')!];
      expect(compared(one, one)).toMatchObject({ ratio: 1, interval: [1, 1] });
      const { ratio, interval } = compared(other, one);
      expect(interval[0]).toBeLessThanOrEqual(ratio);
      expect(interval[1]).toBeGreaterThanOrEqual(ratio);
    }
  });
});
