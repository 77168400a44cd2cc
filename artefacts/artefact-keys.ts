/**
 * Keys of artefacts: everything that decides the content, and nothing else.
 */
import { createHash } from 'node:crypto';
import type { FusedSchedule } from '../diffusion/fused.js';
import { canonicalJson } from '../contract/canonical-json.js';

/** A prompt with a seed: one image of every schedule. */
export interface Pair {
  readonly text: string;
  readonly seed: number;
  readonly nouns?: readonly string[] | null;
}

/** sha256 of plain JSON, whatever the order of its keys. */
export const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

/**
 * What decides the images of one row beside prompt and seed.
 *
 * @param network hash of model files, precision and numeric class
 */
export const imageContext = (network: string, schedule: FusedSchedule): string =>
  hashOf({ kind: 'picture/1', network, schedule });

/** Key of one image: no scorer, and no evaluation, is in it. */
export const imageKey = (context: string, { text, seed }: Pair): string => hashOf([context, text, seed]);

/** Key of a block's numbers: who computes them (and what: `terms` or `features`), from which images and prompts. */
export const numbersKey = (
  kind: 'terms' | 'features',
  fingerprint: string,
  images: readonly string[],
  pairs: readonly Pair[],
): string => {
  const prompts = kind === 'terms' ? pairs.map(({ text, nouns }) => [text, nouns ?? null]) : null;
  return hashOf([`${kind}/1`, fingerprint, images, prompts]);
};

/**
 * Key of a distance.
 *
 * @param what the quantity, with the version of how it is computed
 * @param of hashes of the tables that it is between, and which rows of them
 */
export const distanceKey = (what: string, of: readonly unknown[]): string => hashOf(['distance', what, of]);
