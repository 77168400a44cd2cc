/** Least-squares matching of one step. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { gaussianNoise } from '../../diffusion/noise.js';
import { fitMatch, type BeforeStep } from '../../diffusion/match.js';
import { scheduleText } from '../../cli/text/schedule-text.js';
import { scheduleDocument } from '../../diffusion/schedule-document.js';
import { createScheduler } from '../../diffusion/scheduler.js';

const STEP = { timestep: 999, inputScale: 1, a: 0.7, b: -0.4, d: 0, n: 0 };
const CHANNELS = 2;

const rows = (seed: number): Float32Array[] =>
  [0, 1, 2].map((stepIndex) => gaussianNoise({ seed, prompt: 'p', stepIndex, length: 8 }));
const times = (values: readonly Float32Array[], factor: number) =>
  values.map((row) => row.map((value) => value * factor));
const before = (samples: readonly Float32Array[], outputs: readonly Float32Array[]): BeforeStep => ({
  samples,
  outputs,
});

describe('a step', () => {
  it('whose sample and output were scaled is brought back exactly', () => {
    const factor = fc.double({ min: 0.5, max: 2, noNaN: true });
    fc.assert(
      fc.property(factor, factor, fc.integer({ min: 1, max: 99 }), (cx, ce, seed) => {
        const [x, e] = [rows(seed), rows(seed + 1)];
        const fit = fitMatch(STEP, before(x, e), before(times(x, 1 / cx), times(e, 1 / ce)), CHANNELS);
        expect(fit.sample).toBeCloseTo(cx, 4);
        expect(fit.noise).toBeCloseTo(ce, 4);
        expect(fit.after).toBeLessThan(1e-6);
        expect(fit.fixed).toEqual([]);
      }),
    );
  });

  it('is at the minimum: no other coefficients come nearer', () => {
    const [x, e, error] = [rows(1), rows(2), rows(3)];
    const q = e.map((row, r) => row.map((value, i) => 1.2 * value + 0.3 * error[r]![i]!));
    const fit = fitMatch(STEP, before(x, e), before(x, q), CHANNELS);
    const distance = (cx: number, ce: number): number => {
      const squares = x.flatMap((row, r) =>
        Array.from(row, (value, i) => {
          const own = cx * STEP.a * value + ce * STEP.b * q[r]![i]!;
          return (own - STEP.a * value - STEP.b * e[r]![i]!) ** 2;
        }),
      );
      return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
    };
    expect(fit.before).toBeCloseTo(distance(1, 1), 9);
    expect(fit.after).toBeCloseTo(distance(fit.sample, fit.noise), 9);
    for (const [dx, de] of [
      [0.01, 0],
      [-0.01, 0],
      [0, 0.01],
      [0, -0.01],
    ] as const) {
      expect(distance(fit.sample + dx, fit.noise + de)).toBeGreaterThan(fit.after);
    }
  });

  it('with an offset per channel scales it with the output, as c^eps does', () => {
    const step = { ...STEP, d: [0.3, -0.2] };
    const [x, e] = [rows(4), rows(5)];
    // b q + d = (b e + d) / 1.25, channel by channel.
    const q = e.map((row) =>
      row.map((value, i) => {
        const d = step.d[i < 4 ? 0 : 1]!;
        return ((step.b * value + d) / 1.25 - d) / step.b;
      }),
    );
    const fit = fitMatch(step, before(x, e), before(x, q), CHANNELS);
    expect(fit.sample).toBeCloseTo(1, 5);
    expect(fit.noise).toBeCloseTo(1.25, 5);
  });

  it('does not depend on the noise, which both networks draw alike', () => {
    const [x, e, q] = [rows(1), rows(2), rows(3)];
    const [still, noisy] = [0, 0.5].map((n) => fitMatch({ ...STEP, n }, before(x, e), before(x, q), CHANNELS));
    expect(noisy).toEqual(still);
  });
});

describe('a coefficient stays 1', () => {
  const [x, e] = [rows(6), rows(7)];
  const zero = times(x, 0);

  test.each<[string, typeof STEP, BeforeStep, BeforeStep, object]>([
    [
      'c^x of a step without sample',
      { ...STEP, a: 0 },
      before(x, e),
      before(x, times(e, 0.8)),
      { sample: 1, noise: 1.25, fixed: ['sample'] },
    ],
    [
      'c^eps of a step without output',
      { ...STEP, b: 0 },
      before(x, e),
      before(times(x, 0.8), e),
      { sample: 1.25, noise: 1, fixed: ['noise'] },
    ],
    ['c^eps of a network that answers nothing', STEP, before(x, e), before(x, zero), { noise: 1, fixed: ['noise'] }],
    [
      'c^x where sample and output are collinear',
      STEP,
      before(x, times(x, 2)),
      before(x, times(x, 1.6)),
      { sample: 1, noise: 1.25, fixed: ['sample'] },
    ],
    [
      'both where there is nothing',
      STEP,
      before(zero, zero),
      before(zero, zero),
      { sample: 1, noise: 1, fixed: ['sample', 'noise'] },
    ],
    [
      'both where the output points the other way',
      { ...STEP, a: 0 },
      before(x, e),
      before(x, times(e, -1)),
      { sample: 1, noise: 1, fixed: ['sample', 'noise'] },
    ],
  ])('%s', (_, step, reference, quantised, expected) => {
    const { sample, noise, ...rest } = fitMatch(step, reference, quantised, CHANNELS);
    const digits = (value: number) => Math.round(value * 1e5) / 1e5;
    expect({ ...rest, sample: digits(sample), noise: digits(noise) }).toMatchObject(expected);
  });
});

it('outputs that are not finite are a failure', () => {
  const [x, e] = [rows(8), rows(9)];
  const broken = e.map((row) => row.map(() => NaN));
  expect(() => fitMatch(STEP, before(x, e), before(x, broken), CHANNELS)).toThrow(
    'The step at timestep 999 cannot be matched: an output of a network is not finite.',
  );
});

it('is shown with the distances, and with what was not determined', () => {
  const scheduler = createScheduler({ type: 'tcd' });
  scheduler.setTimesteps(2);
  const match = [
    { before: 0.5, after: 0.25, fixed: [] },
    { before: 0.125, after: 0.1, fixed: ['sample' as const] },
  ];
  const origin = { kind: 'match' as const, scheduler: { type: 'tcd' as const, steps: 2, eta: 0 }, match };
  const text = scheduleText(scheduleDocument(scheduler, origin, { sample: [0.9, 1], noise: [0.8, 1.1] }), null);
  expect(text).toContain(
    [
      'step  with 1    matched',
      '0     0.500000  0.250000',
      '1     0.125000  0.100000',
      '  root mean square distance to the full-precision latents after the step',
      '  not determined by least squares, so left at 1: c^x of step 1',
    ].join('\n'),
  );
});
