/** Least-squares matching against numpy's lstsq over diffusers' own steps (tools/golden/match.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scaleFusedStep } from '../../contract/schedule-step.js';
import { applyFused } from '../../diffusion/fused.js';
import { fitMatch } from '../../diffusion/match.js';
import { createScheduler } from '../../diffusion/scheduler.js';

interface Golden {
  readonly initial: readonly number[][];
  readonly noise: readonly number[][][];
  readonly cases: readonly {
    readonly scheduler: string;
    readonly eta?: number;
    readonly fits: readonly { sample: number; noise: number; before: number; after: number }[];
  }[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/diffusion/match.json', import.meta.url), 'utf8')) as Golden;
const CHANNELS = 2;
const STEPS = 4;

/** The networks of the script. */
const full = (x: number): number => 0.9 * x + 0.1 * Math.tanh(2 * x) - 0.05;
const quantised = (x: number): number => 1.03 * full(x) - 0.02 * full(x) ** 2 + 0.01;

function fitAll(className: string, eta: number | undefined) {
  const scheduler = createScheduler({ _class_name: className });
  scheduler.setTimesteps(STEPS, eta === undefined ? {} : { eta });
  const { steps, initNoiseSigma } = scheduler.fused();
  const start = golden.initial.map((row) => Float32Array.from(row, (value) => value * initNoiseSigma));
  let [xe, xq] = [start, start];
  return steps.map((step, i) => {
    const outputs = (x: readonly Float32Array[], network: (value: number) => number) =>
      x.map((row) => row.map((value) => network(step.inputScale * value)));
    const [e, q] = [outputs(xe, full), outputs(xq, quantised)];
    const fit = fitMatch(step, { samples: xe, outputs: e }, { samples: xq, outputs: q }, CHANNELS);
    const after = (of: typeof step, x: readonly Float32Array[], m: readonly Float32Array[]) =>
      x.map((row, p) => {
        const out = new Float32Array(row.length);
        applyFused(of, row, m[p]!, step.n === 0 ? null : Float32Array.from(golden.noise[i]![p]!), out, CHANNELS);
        return out;
      });
    [xe, xq] = [after(step, xe, e), after(scaleFusedStep(step, fit.sample, fit.noise), xq, q)];
    return fit;
  });
}

describe('a least-squares match', () => {
  it.each(golden.cases)('with $scheduler, eta $eta, is that of lstsq step by step', ({ scheduler, eta, fits }) => {
    const found = fitAll(scheduler, eta);
    expect(fits.length).toBeGreaterThanOrEqual(3);
    fits.forEach(({ sample, noise, before, after }, i) => {
      // float32 latents leave about 1e-6; u and v are nearly collinear in the first steps.
      expect(found[i]!.sample).toBeCloseTo(sample, 4);
      expect(found[i]!.noise).toBeCloseTo(noise, 4);
      expect(found[i]!.before / before).toBeCloseTo(1, 4);
      expect(found[i]!.after / after).toBeCloseTo(1, 3);
      expect(found[i]!.fixed).toEqual([]);
    });
  });

  it('leaves a coefficient at 1 where lstsq leaves the range of coefficients', () => {
    const { scheduler, eta, fits } = golden.cases.find((one) => one.fits.length < STEPS)!;
    expect(fitAll(scheduler, eta)[fits.length]).toMatchObject({ sample: 1, fixed: ['sample'] });
  });
});
