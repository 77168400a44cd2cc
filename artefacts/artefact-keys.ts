/**
 * Keys of artefacts: everything that decides the content, and nothing else.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../contract/canonical-json.js';
import { promptIdentity } from '../contract/prompt-identity.js';
import type { WireSchedule, WireStep } from '../contract/wire/schedule.js';

/** A prompt with a seed: one image per schedule. */
export interface Pair {
  readonly text: string;
  readonly seed: number;
  readonly nouns?: readonly string[] | null;
}

/** sha256 (hex) of plain JSON; the order of its keys does not matter. */
export const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

/**
 * What decides the images of one row besides prompt and seed.
 *
 * @param network hash of model files, precision and numeric class
 * @param schedule the steps with coefficients inside
 */
export const imageContext = (network: string, { scheduler, initNoiseSigma, steps }: WireSchedule): string =>
  hashOf({ kind: 'picture/1', network, schedule: { scheduler, initNoiseSigma, steps: steps.map(contentOf) } });

/** A fused step is hashed without its tag, as it was before there were tags. */
const contentOf = ({ kind, ...step }: WireStep): object => (kind === 'fused' ? step : { kind, ...step });

/** Key of one image: it contains no scorer and no evaluation. */
export const imageKey = (context: string, { text, seed }: Pair): string =>
  hashOf([context, promptIdentity(text), seed]);

/** Key of a block's numbers: which scorer computes what (`terms` or `features`) from which images and prompts. */
export const numbersKey = (
  kind: 'terms' | 'features',
  fingerprint: string,
  images: readonly string[],
  pairs: readonly Pair[],
): string => {
  const prompts = kind === 'terms' ? pairs.map(({ text, nouns }) => [promptIdentity(text), nouns ?? null]) : null;
  return hashOf([`${kind}/1`, fingerprint, images, prompts]);
};

/** Key of one pairwise score of a block: which score, with what it is computed by, of which images on both sides. */
export const pairsKey = (fingerprint: string, reference: readonly string[], candidate: readonly string[]): string =>
  hashOf(['pairs/1', fingerprint, reference, candidate]);

/**
 * Key of what a text is conditioned on.
 *
 * @param encoders hash of the files of text encoders and tokenizers, of the pipeline's options, and of the arithmetic
 */
export const embeddingKey = (encoders: string, text: string): string =>
  hashOf(['embedding/1', encoders, promptIdentity(text)]);

/**
 * Key of a distance.
 *
 * @param what the quantity, with the version of how it is computed
 * @param of hashes of the tables that it is between, and which rows of them
 */
export const distanceKey = (what: string, of: readonly unknown[]): string => hashOf(['distance', what, of]);
