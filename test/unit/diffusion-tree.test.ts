/**
 * Sharing of trajectories between candidates.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FusedSchedule } from '../../diffusion/fused.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { buildTrajectoryTree } from '../../diffusion/trajectory-tree.js';

function scheduleOf(sample: readonly number[], noise: readonly number[] = sample.map(() => 1)): FusedSchedule {
  const scheduler = createScheduler({ type: 'tcd' });
  scheduler.setTimesteps(sample.length);
  return scheduler.fused({ sample, noise });
}

const sizes = (schedules: readonly FusedSchedule[]): number[] =>
  buildTrajectoryTree(schedules).levels.map(({ parentOf }) => parentOf.length);

/** Few values, so that candidates often agree. */
const candidates = fc.integer({ min: 1, max: 5 }).chain((steps) =>
  fc.array(fc.array(fc.constantFrom(0.9, 1, 1.1), { minLength: steps, maxLength: steps }), {
    minLength: 1,
    maxLength: 12,
  }),
);

describe('buildTrajectoryTree', () => {
  it('shares only the first call if all candidates differ from step 0: 1 + (N - 1) K calls', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 20 }), (steps, count) => {
        const schedules = Array.from({ length: count }, (_, k) =>
          scheduleOf(new Array<number>(steps).fill(1 + k / 100)),
        );
        expect(buildTrajectoryTree(schedules).networkCalls).toBe(1 + (steps - 1) * count);
      }),
    );
  });

  it('shares a prefix for as long as it is equal', () => {
    const schedules = [scheduleOf([1, 1, 1]), scheduleOf([1, 1, 0.9]), scheduleOf([1, 0.9, 1]), scheduleOf([1, 1, 1])];
    const tree = buildTrajectoryTree(schedules);
    expect(tree.levels.map(({ groupOf }) => [...groupOf])).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 1, 0],
      [0, 1, 2, 0],
    ]);
    expect(tree.levels.map(({ parentOf }) => [...parentOf])).toEqual([[-1], [0], [0, 0], [0, 0, 1]]);
    expect(tree.networkCalls).toBe(1 + 1 + 2);
  });

  it('groups candidates exactly if their steps so far are equal, along parents, with the right step', () => {
    fc.assert(
      fc.property(candidates, (points) => {
        const schedules = points.map((sample) => scheduleOf(sample));
        const { levels, networkCalls } = buildTrajectoryTree(schedules);
        const steps = points[0]!.length;
        expect(levels).toHaveLength(steps + 1);
        levels.forEach(({ groupOf, parentOf, stepOf }, level) => {
          expect(stepOf).toHaveLength(level === 0 ? 0 : parentOf.length);
          points.forEach((p, j) =>
            points.forEach((q, k) => {
              expect(groupOf[j] === groupOf[k]).toBe(p.slice(0, level).join() === q.slice(0, level).join());
            }),
          );
          if (level > 0) {
            schedules.forEach((schedule, k) => {
              expect(stepOf[groupOf[k]!]).toEqual(schedule.steps[level - 1]);
              expect(parentOf[groupOf[k]!]).toBe(levels[level - 1]!.groupOf[k]);
            });
          }
        });
        expect(networkCalls).toBe(levels.slice(0, steps).reduce((sum, { parentOf }) => sum + parentOf.length, 0));
      }),
    );
  });

  it('tells apart steps that differ in any of a, b, d, n, by the last bit', () => {
    const base = scheduleOf([1, 1]);
    const changed = (change: object): FusedSchedule => ({
      ...base,
      steps: [{ ...base.steps[0]!, ...change }, base.steps[1]!],
    });
    const { a, b } = base.steps[0]!;
    expect(sizes([base, changed({ a: a * (1 + Number.EPSILON) })])).toEqual([1, 2, 2]);
    expect(sizes([base, changed({ b: b * (1 + Number.EPSILON) })])).toEqual([1, 2, 2]);
    expect(sizes([base, changed({ n: 0.1 })])).toEqual([1, 2, 2]);
    expect(sizes([base, changed({ d: 0.1 }), changed({ d: [0.1] }), changed({ d: [0.1, 0.1] })])).toEqual([1, 4, 4]);
    expect(sizes([base, changed({})])).toEqual([1, 1, 1]);
  });

  it('refuses no schedules, and schedules of other timesteps', () => {
    expect(() => buildTrajectoryTree([])).toThrow(/at least one schedule/);
    expect(() => buildTrajectoryTree([scheduleOf([1]), scheduleOf([1, 1])])).toThrow(
      'The timesteps of schedule 1 differ from those of schedule 0.',
    );
  });
});
