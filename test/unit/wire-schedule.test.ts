/** Fused steps on the wire: a worker that knows no scheduler computes what a scheduler would, to the bit. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../contract/canonical-json.js';
import { scaleFused } from '../../contract/schedule-document.js';
import { fromWireSchedule, toWireSchedule, WireSchedule } from '../../contract/wire/schedule.js';
import { applyFused, type FusedSchedule } from '../../diffusion/fused.js';
import { applyPtqd, type PtqdStep } from '../../diffusion/ptqd.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { ruleOf, scaleSchedule } from '../../inference/engine/apply-step.js';

const TYPES = ['tcd', 'lcm', 'euler', 'euler-ancestral'] as const;
const CHANNELS = 4;

/** Over the wire and back: as JSON, read by the schema. */
const overTheWire = (schedule: FusedSchedule): WireSchedule =>
  WireSchedule.parse(JSON.parse(JSON.stringify(toWireSchedule(schedule))));

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const perStep = <T>(steps: number, one: fc.Arbitrary<T>) => fc.array(one, { minLength: steps, maxLength: steps });

/** PTQD's correction of one step, with one bias or one per channel. */
const fit: fc.Arbitrary<PtqdStep> = fc.record({
  method: fc.constantFrom('std' as const, 'regression' as const),
  gamma: finite(-0.5, 0.5),
  mu: fc.oneof(finite(-1, 1), perStep(CHANNELS, finite(-1, 1))),
  variance: finite(0, 0.5),
});

const cases = fc.integer({ min: 1, max: 8 }).chain((steps) =>
  fc.record({
    steps: fc.constant(steps),
    eta: finite(0, 1),
    sample: perStep(steps, finite(-2, 2)),
    noise: perStep(steps, finite(-2, 2)),
    fits: fc.option(perStep(steps, fit)),
  }),
);

// `toEqual` tells 0 from -0: equal means equal to the bit.
describe('1600 random schedules', () => {
  test.each(TYPES)('%s: over the wire and scaled there, as fused with the coefficients here', (type) => {
    fc.assert(
      fc.property(cases, ({ steps, eta, sample, noise, fits }) => {
        const scheduler = createScheduler({ type });
        scheduler.setTimesteps(steps, type === 'tcd' ? { eta } : {});
        const coefficients = { sample, noise };
        const plain = scaleSchedule(overTheWire(scheduler.fused()), coefficients);
        expect(fromWireSchedule(plain)).toEqual(scheduler.fused(coefficients));
        if (fits === null) return;
        // PTQD corrects the baseline; coefficients scale what it left, its offset included.
        const corrected = applyPtqd(scheduler.fused(), fits);
        const scaled = fromWireSchedule(scaleSchedule(overTheWire(corrected), coefficients));
        expect(scaled).toEqual(scaleFused(corrected, coefficients));
        scaled.steps.forEach((step, i) => {
          const { a, b, d, n } = corrected.steps[i]!;
          const offset = typeof d === 'number' ? d * noise[i]! + 0 : d.map((value) => value * noise[i]! + 0);
          expect(step).toMatchObject({ a: a * sample[i]!, b: b * noise[i]!, d: offset, n });
        });
      }),
      { numRuns: 400 },
    );
  });
});

test('what is hashed has no tags, before the wire and after it', () => {
  const scheduler = createScheduler({ type: 'tcd' });
  scheduler.setTimesteps(4, { eta: 0.3 });
  const fused = scheduler.fused();
  expect(canonicalJson(fromWireSchedule(overTheWire(fused)))).toBe(canonicalJson(fused));
});

test('a step is applied as it is applied without the wire', () => {
  const fits: PtqdStep[] = [{ method: 'std', gamma: 0.1, mu: [0.1, -0.2, 0.3, 0], variance: 0.01 }];
  const scheduler = createScheduler({ type: 'tcd' });
  scheduler.setTimesteps(1, { eta: 0.5 });
  const corrected = applyPtqd(scheduler.fused(), fits);
  const numbers = (start: number) => Float32Array.from({ length: 2 * CHANNELS }, (_, i) => Math.sin(start + i));
  const [x, m, z] = [numbers(0), numbers(1), numbers(2)];
  const [here, there] = [new Float32Array(x.length), new Float32Array(x.length)];
  applyFused(scaleFused(corrected, { sample: [0.9], noise: [1.1] }).steps[0]!, x, m, z, here, CHANNELS);
  const rule = ruleOf(scaleSchedule(overTheWire(corrected), { sample: [0.9], noise: [1.1] }).steps[0]!);
  rule.apply(x, m, rule.needsNoise ? z : null, there, CHANNELS);
  expect(there).toEqual(here);
  expect(there.every(Number.isFinite)).toBe(true);
});

test.each([
  ['too few', { sample: [1], noise: [1] }, 'coefficients.sample has 1 numbers, but the schedule has 2 steps.'],
  ['too many', { sample: [1, 1], noise: [1, 1, 1] }, 'coefficients.noise has 3 numbers'],
  ['not finite', { sample: [1, NaN], noise: [1, 1] }, 'coefficients.sample[1] is NaN'],
])('coefficients that are %s are refused for good', (_, coefficients, message) => {
  const scheduler = createScheduler({ type: 'lcm' });
  scheduler.setTimesteps(2);
  expect(() => scaleSchedule(toWireSchedule(scheduler.fused()), coefficients)).toThrow(
    expect.objectContaining({ code: 'usage', final: true, message: expect.stringContaining(message) as unknown }),
  );
});
