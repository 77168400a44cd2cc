/** Progress in words: what a gain is relative to, and from when the rate is counted. */
import { afterEach, beforeEach, describe as group, expect, test, vi } from 'vitest';
import { describe, ProgressLine } from '../../cli/follow/progress-line.js';
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
  ...own,
});

group('a gain over the baseline', () => {
  test.each([
    [1.1, 1, 'best 1.1000 (+10.0 % over baseline)'],
    [0.9, 1, 'best 0.9000 (-10.0 % over baseline)'],
    [-20, -30, 'best -20.0000 (+10.0000 over baseline)'],
    [-40, -30, 'best -40.0000 (-10.0000 over baseline)'],
    [0.5, 0, 'best 0.5000 (+0.5000 over baseline)'],
  ])('%d against %d', (best, identity, text) => {
    expect(describe(progress({ best, identity }), 10, 0)).toContain(text);
  });
});

group('the rate', () => {
  let written = '';
  beforeEach(() => {
    written = '';
    vi.useFakeTimers();
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  test('counts candidates since the search stage was first seen', () => {
    expect(describe(progress({ told: 30 }), 10, 10)).toContain('2.0/s - ETA 35 s');
    const line = new ProgressLine();
    line.show(progress({ stage: 'prepare', told: 0 }));
    vi.advanceTimersByTime(600_000);
    line.show(progress({ told: 10 }));
    vi.advanceTimersByTime(10_000);
    line.show(progress({ told: 30 }));
    vi.advanceTimersByTime(5000);
    line.end();
    expect(written).toContain('2.0/s - ETA 35 s');
    expect(written).not.toContain('0.0/s');
  });
});
