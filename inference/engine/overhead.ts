/**
 * What coefficients cost: images with and without them, one at a time, in turns, so that whatever else the machine does
 * affects both alike.
 */
import { toWireSchedule } from '../../contract/wire/schedule.js';
import type { FusedSchedule } from '../../diffusion/fused.js';
import type { ModelFolder } from '../models/model-folder.js';
import { createSampler } from './sampler.js';
import { sampleBlock } from './sampling-loop.js';
import { openPipeline, type DeviceOptions } from '../pipelines/open-pipeline.js';

const WARM_UP = 5;
const PAIR = { text: 'a red circle on a blue background', seed: 0 };
/** Every network call is made: only text and noise are remembered. */
const BUDGET = { conditionings: 1e8, noises: 1e8, firstCalls: 0 };

/** Medians over all repeats, and the median of the ratios with / without. */
export interface Overhead {
  readonly withoutMilliseconds: number;
  readonly withMilliseconds: number;
  readonly ratio: number;
  /** Distribution-free 95 % interval of the median ratio (order statistics). */
  readonly low: number;
  readonly high: number;
}

/**
 * Samples and decodes `repeats` images with each schedule; which one comes first alternates.
 *
 * @param servers addresses of model servers that were started here
 */
export async function measureOverhead(
  model: ModelFolder,
  without: FusedSchedule,
  tuned: FusedSchedule,
  repeats: number,
  servers: DeviceOptions['servers'] = {},
): Promise<Overhead> {
  const pipeline = await openPipeline(model, { batch: 1, threads: 1, servers });
  const sampler = createSampler(pipeline, () => false, BUDGET);
  try {
    const [plain, scaled] = [toWireSchedule(without), toWireSchedule(tuned)];
    const image = async (schedule: typeof plain): Promise<number> => {
      const start = performance.now();
      const { states } = await sampleBlock(sampler, [{ schedule, pairs: [0] }], [PAIR], [0]);
      await pipeline.decode(states);
      return performance.now() - start;
    };
    const times: { a: number; b: number }[] = [];
    for (let i = -WARM_UP; i < repeats; i += 1) {
      const first = i % 2 === 0;
      const one = await image(first ? plain : scaled);
      const two = await image(first ? scaled : plain);
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
    await pipeline.release();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
