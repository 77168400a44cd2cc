/** Images done and the time that is left: counted by stage, measured on the last answers. */
import { describe, expect, test } from 'vitest';
import { Meter } from '../../workflows/scoring/meter.js';

const SECOND = 1000;

describe('a meter', () => {
  test('knows no ETA before an image was scored', () => {
    const meter = new Meter();
    meter.begin('identity', 40, 400);
    expect(meter.measured(0)).toEqual({ images: { done: 0, total: 40 }, secondsLeft: null });
    meter.reuse(40);
    expect(meter.measured(5 * SECOND)).toEqual({ images: { done: 40, total: 40 }, secondsLeft: null });
  });

  test('takes later stages at the measured pace, pauses included', () => {
    const meter = new Meter();
    meter.begin('search', 100, 300);
    meter.giveOut(0);
    meter.scored(20, 2 * SECOND);
    expect(meter.measured(2 * SECOND)).toEqual({ images: { done: 20, total: 100 }, secondsLeft: 38 });
    // The optimizer thinks for two seconds.
    expect(meter.measured(4 * SECOND).secondsLeft).toBe(76);
  });

  test('needs nothing more for candidates that are dropped, and starts anew with a stage', () => {
    const meter = new Meter();
    meter.begin('search', 100, 0);
    meter.giveOut(0);
    meter.scored(60, 6 * SECOND);
    meter.drop(40);
    expect(meter.measured(6 * SECOND)).toEqual({ images: { done: 60, total: 60 }, secondsLeft: 0 });
    expect(meter.asked('search')).toBe(60);
    meter.begin('search', 10, 0);
    expect(meter.measured(6 * SECOND)).toEqual({ images: { done: 60, total: 70 }, secondsLeft: 1 });
    meter.begin('select', 30, 20);
    expect(meter.asked('search')).toBeNull();
    expect(meter.measured(6 * SECOND)).toEqual({ images: { done: 0, total: 30 }, secondsLeft: 5 });
  });

  test('follows workers that join: what was longer ago than two minutes does not count', () => {
    const meter = new Meter();
    meter.begin('search', 10_000, 0);
    meter.giveOut(0);
    for (let second = 1; second <= 300; second += 1) meter.scored(1, second * SECOND);
    for (let second = 301; second <= 420; second += 1) meter.scored(4, second * SECOND);
    const { images, secondsLeft } = meter.measured(420 * SECOND);
    expect(images.done).toBe(780);
    expect(secondsLeft! * 4).toBeCloseTo(10_000 - 780, -3);
  });
});
