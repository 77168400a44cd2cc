/**
 * PTQD against numpy (the fit) and against diffusers fed with corrected outputs (trajectories).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyFused } from '../../diffusion/fused.js';
import { applyPtqd, fitPtqd, type GammaMethod, type PtqdStep } from '../../diffusion/ptqd.js';
import { createScheduler } from '../../diffusion/scheduler.js';

interface Golden {
  reference: number[][][][];
  quantised: number[][][][];
  initial: number[];
  noise: number[][];
  fits: {
    method: GammaMethod;
    bias: 'step' | 'channel';
    steps: { gamma: number; mu: number | number[]; variance: number }[];
  }[];
  runs: { scheduler: string; eta: number | null; method: GammaMethod; bias: 'step' | 'channel'; samples: number[][] }[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/diffusion/ptqd.json', import.meta.url), 'utf8')) as Golden;
const CHANNELS = 2;
const LENGTH = 12;

const fitAll = (method: GammaMethod, bias: 'step' | 'channel'): PtqdStep[] =>
  golden.reference.map((e, i) =>
    fitPtqd(Float32Array.from(e.flat(2)), Float32Array.from(golden.quantised[i]!.flat(2)), {
      gamma: method,
      bias,
      channels: CHANNELS,
      sampleLength: LENGTH,
    }),
  );

const flat = (mu: number | readonly number[]): readonly number[] => (typeof mu === 'number' ? [mu] : mu);

describe('PTQD', () => {
  it.each(golden.fits)('fits $method with one bias a $bias to 1e-9 of numpy', ({ method, bias, steps }) => {
    fitAll(method, bias).forEach((fit, i) => {
      const expected = steps[i]!;
      expect(Math.abs(fit.gamma - expected.gamma)).toBeLessThan(1e-9);
      expect(Math.abs(fit.variance - expected.variance)).toBeLessThan(1e-9);
      expect(flat(fit.mu)).toHaveLength(flat(expected.mu).length);
      flat(fit.mu).forEach((value, c) => expect(Math.abs(value - flat(expected.mu)[c]!)).toBeLessThan(1e-9));
    });
  });

  it.each(golden.runs)(
    '$scheduler eta $eta, $method, one bias a $bias: the trajectory is diffusers to 1e-5',
    ({ scheduler: className, eta, method, bias, samples }) => {
      const scheduler = createScheduler({ _class_name: className });
      scheduler.setTimesteps(4, eta === null ? {} : { eta });
      const { steps } = applyPtqd(scheduler.fused(), fitAll(method, bias));
      const x = Float32Array.from(golden.initial);
      samples.forEach((expected, i) => {
        const m = Float32Array.from(golden.quantised[i]![0]!.flat());
        applyFused(steps[i]!, x, m, Float32Array.from(golden.noise[i]!), x, CHANNELS);
        expected.forEach((value, j) =>
          expect(Math.abs(x[j]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))),
        );
      });
    },
  );

  it('clamps the noise at 0 if the error is larger', () => {
    const scheduler = createScheduler({ type: 'tcd' });
    scheduler.setTimesteps(2, { eta: 0.3 });
    const huge: PtqdStep = { method: 'std', gamma: 0, mu: 0, variance: 1e6 };
    expect(scheduler.fused().steps[0]!.n).toBeGreaterThan(0);
    expect(applyPtqd(scheduler.fused(), [huge, huge]).steps.map(({ n }) => n)).toEqual([0, 0]);
  });

  it('refuses what does not fit', () => {
    const scheduler = createScheduler({ type: 'tcd' });
    scheduler.setTimesteps(2);
    expect(() => applyPtqd(scheduler.fused(), [])).toThrow(/fitted for 0 steps, but the schedule has 2/);
    expect(() => fitPtqd(new Float32Array(4), new Float32Array(3))).toThrow(/3 and 4/);
    expect(() => fitPtqd(new Float32Array(4), new Float32Array(4))).toThrow(/gamma is NaN/);
    expect(() => fitPtqd(new Float32Array(5), new Float32Array(5), { bias: 'channel', channels: 2 })).toThrow(
      /do not divide/,
    );
  });
});
