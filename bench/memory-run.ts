/**
 * Peak memory of a scoring process, beside its plan: opens a model as a scoring process does, makes one call's images
 * with one step, and prints what was planned and taken. `MEMORY` in GB lets the plan reckon with less than the machine
 * has, so that text encoders and the other networks take turns. On Linux. docs/models.md has the numbers.
 *
 *   QSCHED_MODELS=FOLDER tsx bench/memory-run.ts MODEL PRECISION [SIZE] [MEMORY]
 */
import { readFileSync } from 'node:fs';
import type { WireSchedule } from '../contract/wire/schedule.js';
import { engineParts } from '../inference/engine/engine-parts.js';
import { generateBlocks } from '../inference/engine/generate-blocks.js';
import { planMemory } from '../inference/memory-plan.js';
import { openModelFolder } from '../inference/models/model-folder.js';
import { memoryOf } from '../inference/models/numeric-class.js';

/** What is allowed above the plan. */
const TOLERANCE = 0.1;

const [model = '', precision = '', size, memory] = process.argv.slice(2);
const options = size === undefined ? {} : { height: Number(size), width: Number(size) };
const memoryBytes = memory === undefined ? memoryOf() : 1e9 * Number(memory);
/** Peak of resident memory, bytes. */
const peakBytes = (): number =>
  1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? NaN);
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

const plan = planMemory(openModelFolder(model, precision, undefined, options), {}, memoryBytes);
const begin = performance.now();
const generator = await engineParts({ threads: 2, memoryBytes }).generator({ model, precision, options });
const step = { kind: 'fused', timestep: 999, inputScale: 1, a: 0.5, b: -0.5, d: 0, n: 0 } as const;
const schedule = { scheduler: 'euler', initNoiseSigma: 1, steps: [step] } as unknown as WireSchedule;
const pairs = Array.from({ length: plan.batches.denoiser }, (_, seed) => ({ text: `image ${seed}`, seed }));
const failed: string[] = [];
await generateBlocks(generator, [{ schedule, pairs: pairs.map((_, i) => i) }], pairs, {}, async (made) => {
  for (const { image } of made) if ('failed' in image) failed.push(image.failed);
});
const peak = peakBytes();
const networks = plan.networks.map(
  ({ file, weights, rows, rowBytes }) =>
    `${file}: files ${gigabytes(weights.files)}, open ${gigabytes(weights.open)}, while opening ${gigabytes(weights.opening)}, ` +
    `${rows} rows of ${gigabytes(rowBytes)}`,
);
process.stdout.write(
  `${[
    ...networks,
    plan.takesTurns
      ? 'text encoders are released before the other networks are opened'
      : 'all networks are open at once',
    `${pairs.length} images in ${((performance.now() - begin) / 1000).toFixed(1)} s; failed: ${failed.join('; ') || 'none'}`,
    `plan ${gigabytes(plan.bytes)}, without caches ${gigabytes(plan.bytes - plan.cacheBytes)}; peak ${gigabytes(peak)}`,
    '',
  ].join('\n')}`,
);
process.exit(peak <= (1 + TOLERANCE) * plan.bytes ? 0 : 1);
