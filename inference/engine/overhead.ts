/**
 * What coefficients cost: images with and without them, one at a time, taken in turns, so that
 * whatever else the machine does falls on both.
 */
import { applyFused, type FusedSchedule } from '../../diffusion/fused.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import type { ModelFolder } from '../models/model-folder.js';
import { openTextToImage } from '../models/text-to-image.js';

const WARM_UP = 5;
const PROMPT = 'a red circle on a blue background';

/** Medians over all repeats, and of the ratio with / without of each pair. */
export interface Overhead {
  readonly withoutMilliseconds: number;
  readonly withMilliseconds: number;
  readonly ratio: number;
  /** Distribution-free 95 % interval of the median ratio (order statistics). */
  readonly low: number;
  readonly high: number;
}

/** Samples and decodes `repeats` images with each schedule; which comes first alternates. */
export async function measureOverhead(
  model: ModelFolder,
  without: FusedSchedule,
  tuned: FusedSchedule,
  repeats: number,
): Promise<Overhead> {
  const networks = await openTextToImage(model, { batch: 1, threads: 1 });
  try {
    const hidden = await networks.encodeTexts([PROMPT]);
    const generates = Array.from({ length: without.steps.length + 1 }, (_, stepIndex) =>
      gaussianNoise({ seed: 0, prompt: PROMPT, stepIndex, length: networks.latentLength }),
    );
    const image = async ({ initNoiseSigma, steps }: FusedSchedule): Promise<number> => {
      const start = performance.now();
      const x = generates[0]!.map((z) => z * initNoiseSigma);
      for (const [i, step] of steps.entries()) {
        const [m] = await networks.denoise([x.map((v) => v * step.inputScale)], step.timestep, hidden);
        applyFused(step, x, m!, step.n === 0 ? null : generates[i + 1]!, x, model.latentShape[0]);
      }
      await networks.decode([x]);
      return performance.now() - start;
    };
    const times: { a: number; b: number }[] = [];
    for (let i = -WARM_UP; i < repeats; i += 1) {
      const first = i % 2 === 0;
      const one = await image(first ? without : tuned);
      const two = await image(first ? tuned : without);
      if (i >= 0) times.push(first ? { a: one, b: two } : { a: two, b: one });
    }
    const ratios = times.map(({ a, b }) => b / a).sort((a, b) => a - b);
    const reach = 0.98 * Math.sqrt(repeats); // 1.96 standard deviations of Binomial(n, 1/2)
    return {
      withoutMilliseconds: median(times.map(({ a }) => a)),
      withMilliseconds: median(times.map(({ b }) => b)),
      ratio: median(ratios),
      low: ratios[Math.max(0, Math.floor(repeats / 2 - reach))]!,
      high: ratios[Math.min(repeats - 1, Math.ceil(repeats / 2 + reach))]!,
    };
  } finally {
    await networks.release();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
