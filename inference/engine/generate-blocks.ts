/**
 * Images of many candidates on many pairs, a block of pairs at a time: what is held at once is bounded,
 * and nothing of a block is kept when the next one is generated.
 */
import { imageFromPlanar, type RgbImage } from '../../metrics/images/image.js';
import type { TextToImage } from '../models/text-to-image.js';
import { sampleBlock, type EngineCandidate, type Pair, type Sampler } from './sample-block.js';

/** What a call may be watched and stopped by. */
export interface EngineControl {
  /** Called now and then with the share done, 0 to 1. */
  onProgress?(share: number): void;
  /** Awaited between network calls; throws to stop. */
  checkpoint?(): Promise<void>;
}

/** Bytes that a block may hold. */
export interface BlockBudget {
  /** Latents: the states before and after a step, and the network's outputs. */
  readonly latents: number;
  /** Images that wait to be scored. */
  readonly images: number;
}

/** What generates; the size of an image is known with the first one. */
export interface Generator extends Sampler {
  readonly networks: TextToImage;
  readonly latentHeight: number;
  readonly latentWidth: number;
  /** Rows of a network call. */
  readonly batch: number;
  readonly budget: BlockBudget;
  /** Bytes of a decoded image as RGB. */
  imageBytes: number;
}

/** An image of candidate k, for entry `at` of its pairs; or why there is none. */
export interface Generated {
  readonly k: number;
  readonly at: number;
  readonly image: RgbImage | { readonly failed: string };
}

/** A latent takes so many bytes per value: three arrays of float32. */
const LATENT_BYTES = 12;

/**
 * Pairs a block, at least one, for so many candidates; whole network calls, where there is room for one.
 *
 * @param latentLength values of a latent
 * @param batch rows of a network call: what does not fill one is padded, and costs as much
 */
export function pairsPerBlock(
  candidates: number,
  latentLength: number,
  imageBytes: number,
  { latents, images }: BlockBudget,
  batch: number,
): number {
  const rows = Math.min(latents / (latentLength * LATENT_BYTES), images / imageBytes);
  const size = Math.max(1, Math.floor(rows / candidates));
  return size > batch ? size - (size % batch) : size;
}

/** Generates all pairs that candidates need, and hands on each block of images before the next one is generated. */
export async function generateBlocks(
  generator: Generator,
  candidates: readonly EngineCandidate[],
  pairs: readonly Pair[],
  control: EngineControl,
  visit: (generated: readonly Generated[]) => Promise<void>,
): Promise<void> {
  const used = [...new Set(candidates.flatMap((candidate) => candidate.pairs))].sort((a, b) => a - b);
  const steps = candidates[0]?.schedule.steps.length ?? 1;
  const total = Math.ceil((used.length * candidates.length * steps) / generator.batch);
  let calls = 0;
  const checkpoint = async (): Promise<void> => {
    calls += 1;
    control.onProgress?.(Math.min(1, calls / total));
    await control.checkpoint?.();
  };
  for (let start = 0; start < used.length;) {
    const { networks, imageBytes, budget, batch } = generator;
    const size = pairsPerBlock(candidates.length, networks.latentLength, imageBytes, budget, batch);
    await visit(await generateBlock(generator, candidates, pairs, used.slice(start, start + size), checkpoint));
    start += size;
  }
}

async function generateBlock(
  generator: Generator,
  candidates: readonly EngineCandidate[],
  pairs: readonly Pair[],
  block: readonly number[],
  checkpoint: () => Promise<void>,
): Promise<Generated[]> {
  const { rows, states, groupOf } = await sampleBlock(generator, candidates, pairs, block, checkpoint);
  const images = new Map<number, Generated['image']>();
  for (let first = 0; first < rows.length; first += generator.batch) {
    // A decoded image is four times its RGB: only one batch of them is there at once.
    const latents = states.slice(first, first + generator.batch);
    const decoded = await generator.networks.decode(latents, checkpoint);
    decoded.forEach((planar, i) => {
      const { group, pair } = rows[first + i]!;
      generator.imageBytes = planar.length;
      images.set(group * pairs.length + pair, imageOf(generator, latents[i]!, planar));
    });
  }
  return candidates.flatMap((candidate, k) =>
    candidate.pairs.flatMap((pair, at) => {
      const image = images.get(groupOf[k]! * pairs.length + pair);
      return image === undefined ? [] : [{ k, at, image }];
    }),
  );
}

function countBroken(values: Float32Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i += 1) if (!Number.isFinite(values[i])) count += 1;
  return count;
}

/**
 * The image of a finished latent. A decoder may turn what is not finite into something that is: both are looked at.
 */
function imageOf(
  { latentHeight, latentWidth }: Generator,
  latent: Float32Array,
  planar: Float32Array,
): Generated['image'] {
  const lost = countBroken(latent);
  if (lost > 0) return { failed: `the latent has ${lost} values that are not finite` };
  const broken = countBroken(planar);
  if (broken > 0) return { failed: `the image has ${broken} values that are not finite` };
  const factor = Math.round(Math.sqrt(planar.length / 3 / (latentHeight * latentWidth)));
  return imageFromPlanar(planar, latentHeight * factor, latentWidth * factor);
}
