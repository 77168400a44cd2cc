/** The engine with a scheduler that clips: candidates share what they can, and each is what stepping alone gives. */
import { describe, expect, test } from 'vitest';
import { identityCoefficients } from '../../diffusion/coefficients.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { applyPtqd, type PtqdStep } from '../../diffusion/ptqd.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { toWireSchedule, WireSchedule } from '../../contract/wire/schedule.js';
import { scaleSchedule } from '../../inference/engine/apply-step.js';
import { createSampler } from '../../inference/engine/sampler.js';
import { sampleBlock } from '../../inference/engine/sampling-loop.js';
import { fakePipeline } from './fake-pipeline.js';

const STEPS = 3;
const LENGTH = 4;
const PAIRS = [
  { text: 'a cat', seed: 0 },
  { text: 'a dog', seed: 7 },
];
const CANDIDATES = [
  identityCoefficients(STEPS),
  { sample: [0.9, 1.1, 1], noise: [1.2, 0.8, 1.05] },
  { sample: [0.9, 1.1, 0.7], noise: [1.2, 0.8, 1] },
];

const output = (latent: Float32Array, timestep: number, text: string): Float32Array =>
  latent.map((value, i) => Math.sin(3 * value + timestep / 100 + i) * 2 + text.length / 10);

function clipping(type: 'consistency' | 'ddim') {
  const scheduler = createScheduler({ type, ...(type === 'ddim' ? { clip_sample: true } : {}) });
  scheduler.setTimesteps(STEPS, type === 'ddim' ? { eta: 0.5 } : {});
  return scheduler;
}

describe.each(['consistency', 'ddim'] as const)('%s', (type) => {
  test('a block of three candidates on two pairs', async () => {
    const scheduler = clipping(type);
    const baseline = WireSchedule.parse(JSON.parse(JSON.stringify(toWireSchedule(scheduler.schedule()))));
    let calls = 0;
    const pipeline = fakePipeline({
      output,
      onCall: (network, rows) => void (calls += network === 'denoise' ? Number(rows) : 0),
    });
    const all = PAIRS.map((_, i) => i);
    const candidates = CANDIDATES.map((one) => ({ schedule: scaleSchedule(baseline, one), pairs: all }));
    const { rows, states, groupOf } = await sampleBlock(createSampler(pipeline), candidates, PAIRS, all);
    // One first call per pair; the second and third candidate part only after the second step.
    expect(calls).toBe(PAIRS.length * (1 + 2 + 2));
    CANDIDATES.forEach(({ sample, noise }, k) =>
      PAIRS.forEach(({ text, seed }, pair) => {
        const draw = (stepIndex: number) => gaussianNoise({ seed, prompt: text, stepIndex, length: LENGTH });
        let x: Float32Array = draw(0).map((z) => z * scheduler.initNoiseSigma);
        for (let i = 0; i < STEPS; i++) {
          const seen = x.map((value) => value * scheduler.inputScale(i));
          const m = output(seen, scheduler.timesteps[i]!, text);
          const coefficients = { sample: sample[i]!, noise: noise[i]! };
          x = scheduler.step(m, i, x, { noise: draw(i + 1), coefficients }).prevSample;
        }
        const at = rows.findIndex((row) => row.group === groupOf[k] && row.pair === pair);
        states[at]!.forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 5));
        expect(Math.max(...x.map(Math.abs))).toBeLessThan(10);
      }),
    );
  });

  test('PTQD refuses it, and says why', () => {
    const fits: PtqdStep[] = Array.from({ length: STEPS }, () => ({ method: 'std', gamma: 0, mu: 0, variance: 0 }));
    expect(() => applyPtqd(clipping(type).schedule(), fits)).toThrow(
      `The scheduler "${type}" clips its predicted sample to [-1, 1]: its steps have no fused form, and PTQD corrects fused steps.`,
    );
  });
});
