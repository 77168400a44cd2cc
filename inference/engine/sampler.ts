/**
 * A pipeline with what is remembered of its earlier calls.
 */
import { gaussianNoise } from '../../diffusion/noise.js';
import { ByteCache } from '../models/byte-cache.js';
import type { Checkpoint, Conditioning, Pipeline } from '../pipelines/pipeline.js';

export interface Sampler {
  readonly pipeline: Pipeline;
  /** By text. */
  readonly conditionings: ByteCache<Conditioning>;
  readonly noises: ByteCache;
  /** Outputs of the first step's network calls: the same for all candidates. */
  readonly firstCalls: ByteCache;
  /** Asked after texts were encoded: whether the text encoders are let go until there are new texts. */
  readonly releaseEncoders: () => boolean;
  /** Where embeddings are kept, if anywhere. */
  readonly texts: KeptTexts | undefined;
}

/** What texts are conditioned on, beyond this process. */
export interface KeptTexts {
  get(text: string): Conditioning | undefined;
  /** Keeps it, within a limit. */
  put(text: string, conditioning: Conditioning): void;
}

/** Bytes that a sampler may remember. */
export interface SamplerBudget {
  readonly conditionings: number;
  readonly noises: number;
  readonly firstCalls: number;
}

const MEBIBYTE = 1024 * 1024;
/** What a sampler may remember by default. */
export const SAMPLER_BUDGET: SamplerBudget = {
  conditionings: 128 * MEBIBYTE,
  noises: 64 * MEBIBYTE,
  firstCalls: 256 * MEBIBYTE,
};

/** A sampler that remembers nothing yet. What it remembers does not change a bit of what it returns. */
export const createSampler = (
  pipeline: Pipeline,
  releaseEncoders: () => boolean = () => false,
  budget: SamplerBudget = SAMPLER_BUDGET,
  texts?: KeptTexts,
): Sampler => ({
  pipeline,
  conditionings: new ByteCache<Conditioning>(budget.conditionings),
  noises: new ByteCache(budget.noises),
  firstCalls: new ByteCache(budget.firstCalls),
  releaseEncoders,
  texts,
});

/** Values of a latent. */
export const latentLength = ({ latentShape: [channels, height, width] }: Pipeline): number => channels * height * width;

/** Standard normal noise of a step; index 0 is the initial latent's. What was drawn before is remembered within the budget. */
export function noiseOf(
  { pipeline, noises }: Sampler,
  { seed, text }: { readonly seed: number; readonly text: string },
  stepIndex: number,
): Float32Array {
  const key = `${stepIndex}|${seed}|${text}`;
  const found = noises.get(key);
  if (found) return found;
  const made = gaussianNoise({ seed, prompt: text, stepIndex, length: latentLength(pipeline) });
  noises.set(key, made);
  return made;
}

/** The conditioning of every text; what earlier calls encoded is remembered within the budget. */
export async function conditioningOf(
  { pipeline, conditionings, releaseEncoders, texts: kept }: Sampler,
  texts: ReadonlySet<string>,
  checkpoint?: Checkpoint,
): Promise<ReadonlyMap<string, Conditioning>> {
  const known = new Map<string, Conditioning>();
  for (const text of texts) {
    const found = conditionings.get(text) ?? kept?.get(text);
    if (found === undefined) continue;
    conditionings.set(text, found);
    known.set(text, found);
  }
  const fresh = [...texts].filter((text) => !known.has(text));
  if (fresh.length === 0) return known;
  const encoded = await pipeline.encode(fresh, checkpoint);
  fresh.forEach((text, i) => {
    conditionings.set(text, encoded[i]!);
    known.set(text, encoded[i]!);
    kept?.put(text, encoded[i]!);
  });
  if (releaseEncoders()) await pipeline.releaseEncoders();
  return known;
}
