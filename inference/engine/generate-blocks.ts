/**
 * Images of many candidates on many pairs, one block of pairs at a time: the memory in use is bounded, and nothing of a
 * block is kept while the next one is generated.
 */
import { imageFromPlanar, type RgbImage } from '../../metrics/images/image.js';
import type { Checkpoint, Pipeline } from '../pipelines/pipeline.js';
import { createSampler, latentLength, SAMPLER_BUDGET, type KeptTexts, type Sampler } from './sampler.js';
import { sampleBlock, type EngineCandidate, type Pair } from './sampling-loop.js';

/** How a call is followed and stopped. */
export interface EngineControl {
  /** Called with the share that is done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  /** Awaited between network calls; throws to stop. */
  readonly checkpoint?: Checkpoint | undefined;
}

/** Bytes that a block may take. */
export interface BlockBudget {
  /** Latents: the states before and after a step, and the network's outputs. */
  readonly latents: number;
  /** Images that wait to be scored. */
  readonly images: number;
}

/** What generates. */
export interface Generator {
  readonly sampler: Sampler;
  readonly budget: BlockBudget;
  /** Bytes of a decoded image as RGB: estimated until one was decoded. */
  imageBytes: number;
}

/** An image, or why there is none. */
export type ImageOrFailure = RgbImage | { readonly failed: string };

/** The image of candidate k, for entry `at` of its pairs. */
export interface Generated {
  readonly k: number;
  readonly at: number;
  readonly image: ImageOrFailure;
}

const OVERFLOW =
  ', and its latent is finite: float16 overflows in the VAE. Put a float32 network into vae_decoder/model.onnx, or a VAE ' +
  'that is made for float16 (fp16-fix)';
const MEBIBYTE = 1024 * 1024;
/** What blocks may take by default. */
export const BLOCK_BUDGET: BlockBudget = { latents: 256 * MEBIBYTE, images: 512 * MEBIBYTE };
/** RGB values per latent pixel until an image was decoded: most decoders enlarge 8 times. */
const USUAL_VALUES = 3 * 8 * 8;
/** Bytes per value of a latent: three arrays of float32. */
const LATENT_BYTES = 12;

/** A generator on a pipeline. @param budget does not change a bit of the images */
export const createGenerator = (
  pipeline: Pipeline,
  releaseEncoders?: () => boolean,
  budget: BlockBudget = BLOCK_BUDGET,
  texts?: KeptTexts,
): Generator => {
  const [, height, width] = pipeline.latentShape;
  return {
    sampler: createSampler(pipeline, releaseEncoders, SAMPLER_BUDGET, texts),
    budget,
    imageBytes: height * width * USUAL_VALUES,
  };
};

/**
 * Pairs per block, at least one: whole network calls if there is room for one.
 *
 * @param length values of a latent
 * @param batch rows per network call: a call that is not full is padded, and takes as long
 */
export function pairsPerBlock(
  candidates: number,
  length: number,
  imageBytes: number,
  { latents, images }: BlockBudget,
  batch: number,
): number {
  const rows = Math.min(latents / (length * LATENT_BYTES), images / imageBytes);
  const size = Math.max(1, Math.floor(rows / candidates));
  return size > batch ? size - (size % batch) : size;
}

/** Generates all pairs that candidates need; `visit` gets each block before the next one is generated. */
export async function generateBlocks(
  generator: Generator,
  candidates: readonly EngineCandidate[],
  pairs: readonly Pair[],
  control: EngineControl,
  visit: (generated: readonly Generated[]) => Promise<void>,
): Promise<void> {
  const { pipeline } = generator.sampler;
  const batch = pipeline.batches.denoiser;
  const used = [...new Set(candidates.flatMap((candidate) => candidate.pairs))].sort((a, b) => a - b);
  const steps = candidates[0]?.schedule.steps.length ?? 1;
  const total = Math.ceil((used.length * candidates.length * steps) / batch);
  let calls = 0;
  const checkpoint = async (): Promise<void> => {
    calls += 1;
    control.onProgress?.(Math.min(1, calls / total));
    await control.checkpoint?.();
  };
  for (let start = 0; start < used.length;) {
    const { imageBytes, budget } = generator;
    const size = pairsPerBlock(candidates.length, latentLength(pipeline), imageBytes, budget, batch);
    await visit(await generateBlock(generator, candidates, pairs, used.slice(start, start + size), checkpoint));
    start += size;
  }
}

async function generateBlock(
  generator: Generator,
  candidates: readonly EngineCandidate[],
  pairs: readonly Pair[],
  block: readonly number[],
  checkpoint: Checkpoint,
): Promise<Generated[]> {
  const { pipeline } = generator.sampler;
  const { rows, states, brokenAt, groupOf } = await sampleBlock(generator.sampler, candidates, pairs, block, {
    checkpoint,
  });
  const steps = candidates[0]!.schedule.steps.length;
  const whereOf = (step: number): string => (step < steps ? ` after step ${step + 1} of ${steps}` : '');
  const images = new Map<number, ImageOrFailure>();
  const batch = pipeline.batches.decoder;
  for (let first = 0; first < rows.length; first += batch) {
    // A decoded image is four times its RGB: one batch of them is in memory at a time.
    const latents = states.slice(first, first + batch);
    const decoded = await pipeline.decode(latents, checkpoint);
    decoded.forEach((planar, i) => {
      const { group, pair } = rows[first + i]!;
      generator.imageBytes = planar.length;
      images.set(group * pairs.length + pair, imageOf(pipeline, latents[i]!, planar, whereOf(brokenAt[first + i]!)));
    });
  }
  return candidates.flatMap((candidate, k) =>
    candidate.pairs.flatMap((pair, at) => {
      const image = images.get(groupOf[k]! * pairs.length + pair);
      return image === undefined ? [] : [{ k, at, image }];
    }),
  );
}

/**
 * The image of a finished latent. A decoder may turn values that are not finite into finite ones: both are checked.
 *
 * @param where the step after which the latent was not finite, in words
 */
function imageOf(
  { latentShape: [, height, width], halfDecoder }: Pipeline,
  latent: Float32Array,
  planar: Float32Array,
  where: string,
): ImageOrFailure {
  const lost = countBroken(latent);
  if (lost > 0) return { failed: `the latent has ${lost} values that are not finite${where}` };
  const broken = countBroken(planar);
  if (broken > 0) return { failed: `the image has ${broken} values that are not finite${halfDecoder ? OVERFLOW : ''}` };
  const factor = Math.round(Math.sqrt(planar.length / 3 / (height * width)));
  return imageFromPlanar(planar, height * factor, width * factor);
}

function countBroken(values: Float32Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i += 1) if (!Number.isFinite(values[i])) count += 1;
  return count;
}
