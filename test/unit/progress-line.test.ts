/** Progress in words: counts and an ETA in every stage, and what a gain is relative to. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeEvaluate } from '../../cli/follow/follow-evaluate.js';
import { describeSearch, partOf } from '../../cli/follow/describe-search.js';
import { ProgressLine } from '../../cli/follow/progress-line.js';
import { Terminal } from '../../cli/text/terminal.js';
import type { SearchProgress } from '../../contract/search-result.js';

const progress = (own: Partial<SearchProgress>): SearchProgress => ({
  status: 'running',
  stage: 'search',
  told: 20,
  budget: 100,
  generation: 1,
  best: 1.1,
  identity: 1,
  failed: 0,
  raced: 0,
  images: { done: 30, total: 40 },
  secondsLeft: 34.2,
  ...own,
});

describe('a gain over the baseline', () => {
  test.each([
    [1.1, 1, 'best 1.1000 (+10.0 % over baseline)'],
    [0.9, 1, 'best 0.9000 (-10.0 % over baseline)'],
    [-20, -30, 'best -20.0000 (+10.0000 over baseline)'],
    [-40, -30, 'best -40.0000 (-10.0000 over baseline)'],
    [0.5, 0, 'best 0.5000 (+0.5000 over baseline)'],
  ])('%d against %d', (best, identity, text) => {
    expect(describeSearch({ progress: progress({ best, identity }) })).toContain(text);
  });
});

describe('every stage', () => {
  test.each<[Partial<SearchProgress>, string]>([
    [{ stage: 'search' }, 'generation 2 - 20/100 candidates - best 1.1000 (+10.0 % over baseline) - ETA 35 s'],
    [{ stage: 'search', failed: 2, best: null, secondsLeft: null }, 'generation 2 - 20/100 candidates - 2 failed'],
    [{ stage: 'identity', secondsLeft: 300 }, 'scoring the baseline - 30/40 images - ETA 5 min'],
    [{ stage: 'select' }, 'choosing the finalist on the selection prompts - 30/40 images - ETA 35 s'],
    [{ stage: 'confirm' }, 'testing the finalist on held-out prompts - 30/40 images - ETA 35 s'],
    [{ stage: 'control' }, 'scoring the full-precision network - 30/40 images - ETA 35 s'],
    [
      { stage: 'prepare', images: { done: 0, total: 0 }, secondsLeft: null },
      'preparing the model (loading and hashing its files)',
    ],
  ])('%j', (own, text) => {
    const shown = progress(own);
    expect(describeSearch({ progress: shown })).toBe(text);
  });

  test('what a search waits for has its counts too', () => {
    const child = progress({ told: 3, budget: 8, secondsLeft: 20 });
    const start = progress({ stage: 'start', secondsLeft: null });
    expect(describeSearch({ progress: start, linear: child })).toMatch(
      /^linear search first: generation 2 - 3\/8 candidates .* - ETA 20 s, then this search$/,
    );
    expect(describeSearch({ progress: start, matched: 0.5 })).toBe('least-squares match - 50 %');
    const waiting = progress({ stage: 'control', images: { done: 40, total: 40 }, secondsLeft: 0 });
    expect(describeSearch({ progress: waiting, control: child })).toMatch(
      /^full-precision search: generation 2 - 3\/8 candidates .* - ETA 20 s$/,
    );
  });

  test('the ETA is that of the later of both searches', () => {
    const control = progress({ secondsLeft: 90 });
    expect(describeSearch({ progress: progress({ secondsLeft: 10 }), control })).toContain('ETA 90 s');
    expect(describeSearch({ progress: progress({ secondsLeft: null }), control })).not.toContain('ETA');
  });

  test('an evaluation', () => {
    const images = { status: 'running', rows: 4, images: 800, done: 200, generated: 150, reused: 50 } as const;
    const rest = { failed: 0, summarised: 3, secondsLeft: 61 };
    expect(describeEvaluate({ ...images, ...rest, stage: 'render' })).toBe(
      '200/800 images - 150 generated, 50 reused - ETA 61 s',
    );
    expect(describeEvaluate({ ...images, ...rest, stage: 'summarise' })).toBe('summarising: 3/4 rows');
  });
});

describe('without a terminal', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('is one line per generation, without carriage returns, and one a minute in a long one', () => {
    const lines: string[] = [];
    const line = new ProgressLine(new Terminal({ write: (text) => lines.push(text) }));
    for (let generation = 0; generation < 5; generation += 1) {
      for (let told = 0; told < 10; told += 1) {
        const shown = { progress: progress({ generation, told: 10 * generation + told }) };
        line.note(describeSearch(shown), partOf(shown));
        vi.advanceTimersByTime(1000);
      }
    }
    expect(lines).toHaveLength(5);
    expect(lines.map((text) => /^generation (\d)/.exec(text)![1])).toEqual(['1', '2', '3', '4', '5']);
    expect(lines.join('')).not.toContain('\r');
    vi.advanceTimersByTime(120_000);
    expect(lines).toHaveLength(7);
    line.end();
  });

  test('is one line per quarter of a stage with counts', () => {
    const parts = Array.from({ length: 101 }, (_, done) =>
      partOf({ progress: progress({ stage: 'confirm', images: { done, total: 100 } }) }),
    );
    expect(new Set(parts).size).toBe(5);
  });
});

test('a terminal that is resized gets the status again at once', () => {
  const listeners = new Set<() => void>();
  let written = '';
  const stream = {
    isTTY: true,
    columns: 80,
    write: (text: string) => (written += text),
    on: (_: 'resize', listener: () => void) => listeners.add(listener),
    off: (_: 'resize', listener: () => void) => listeners.delete(listener),
  };
  const line = new ProgressLine(new Terminal(stream));
  line.note('testing the finalist on held-out prompts');
  written = '';
  stream.columns = 20;
  for (const listener of listeners) listener();
  expect(written).toContain('testing the fina...');
  line.end();
  expect(listeners.size).toBe(0);
});
