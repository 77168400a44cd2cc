/**
 * The scoring engine: candidates x (prompt, seed) pairs -> raw terms. A block of pairs is generated and scored
 * before the next one.
 */
import type { RgbImage } from '../../metrics/images/image.js';
import { ByteCache } from '../models/byte-cache.js';
import type { ModelFolder } from '../models/model-folder.js';
import type { SessionOptions } from '../models/runtime-session.js';
import { openTextToImage } from '../models/text-to-image.js';
import { scorerKind } from '../scorers/scorer-folder.js';
import type { ScorerFolder } from '../scorers/scorer-kind.js';
import type { ScoredImage, Scorer } from '../scorers/scorer.js';
import {
  generateBlocks,
  type BlockBudget,
  type Generator,
  type Generated,
  type EngineControl,
} from './generate-blocks.js';
import type { EngineCandidate, Pair } from './sample-block.js';

export type { EngineControl } from './generate-blocks.js';
export type { EngineCandidate, Pair } from './sample-block.js';

/** Terms of every scorer in the order of its names (or why that scorer has none); or why there is not an image. */
export type Evaluation = { readonly terms: readonly (Float64Array | string)[] } | { readonly failed: string };

/** Scores candidates on pairs. */
export interface ScoringEngine {
  readonly scorers: readonly Scorer[];
  /** @returns for each candidate, one evaluation for each of its pairs, in order */
  score(
    candidates: readonly EngineCandidate[],
    pairs: readonly Pair[],
    control?: EngineControl,
  ): Promise<Evaluation[][]>;
  /** Images of candidates, without scores: [candidate][pair]. All of them are held at once. */
  generate(
    candidates: readonly EngineCandidate[],
    pairs: readonly Pair[],
    control?: EngineControl,
  ): Promise<(RgbImage | { readonly failed: string })[][]>;
  /** Scores images that are there; one that failed stays so. @param pairs what each image is of */
  scoreImages(
    images: readonly (RgbImage | { readonly failed: string })[],
    pairs: readonly Pair[],
    control?: EngineControl,
  ): Promise<Evaluation[]>;
  release(): Promise<void>;
}

const MEBIBYTE = 1024 * 1024;
const PREFIX_BYTES = 256 * MEBIBYTE;
const TEXT_BYTES = 128 * MEBIBYTE;
const BLOCK_BUDGET: BlockBudget = { latents: 256 * MEBIBYTE, images: 512 * MEBIBYTE };
/** Values of an image a pixel of its latent, until one was decoded: most decoders enlarge 8 times. */
const USUAL_VALUES = 3 * 8 * 8;

/** Loads a model with its scorers. @param budget what a block may hold; it does not change a bit of what comes out */
export async function openScoringEngine(
  model: ModelFolder,
  scorerFolders: readonly ScorerFolder[],
  options: SessionOptions,
  budget: BlockBudget = BLOCK_BUDGET,
): Promise<ScoringEngine> {
  const networks = await openTextToImage(model, options);
  const scorers: Scorer[] = [];
  for (const folder of scorerFolders) scorers.push(await scorerKind(folder).open(folder, options));
  const [channels, latentHeight, latentWidth] = model.latentShape;
  const generator: Generator = {
    networks,
    channels,
    latentHeight,
    latentWidth,
    batch: options.batch,
    budget,
    imageBytes: latentHeight * latentWidth * USUAL_VALUES,
    textStates: new ByteCache(TEXT_BYTES),
    noises: new ByteCache(PREFIX_BYTES / 4),
    firstCalls: new ByteCache(PREFIX_BYTES),
  };
  return {
    scorers,
    async generate(candidates, pairs, control = {}) {
      const images = candidates.map(({ pairs: own }) => new Array<Generated['image']>(own.length));
      await generateBlocks(generator, candidates, pairs, control, async (generated) => {
        for (const { k, at, image } of generated) images[k]![at] = image;
      });
      return images;
    },
    async score(candidates, pairs, control = {}) {
      const results = candidates.map(({ pairs: own }) => new Array<Evaluation>(own.length));
      await generateBlocks(generator, candidates, pairs, control, async (generated) => {
        const wanted = generated.map(({ k, at }) => pairs[candidates[k]!.pairs[at]!]!);
        const evaluations = await scoreImages(
          scorers,
          generated.map(({ image }) => image),
          wanted,
          control,
        );
        generated.forEach(({ k, at }, i) => {
          results[k]![at] = evaluations[i]!;
        });
      });
      return results;
    },
    scoreImages: (images, pairs, control = {}) => scoreImages(scorers, images, pairs, control),
    async release() {
      await networks.release();
      for (const scorer of scorers) await scorer.release();
    },
  };
}

/** One evaluation per image. @param pairs what each image is of */
async function scoreImages(
  scorers: readonly Scorer[],
  images: readonly Generated['image'][],
  pairs: readonly Pair[],
  control: EngineControl,
): Promise<Evaluation[]> {
  const shown: ScoredImage[] = [];
  const placeOf = images.map((image, i) => {
    if ('failed' in image) return -1;
    const { text, nouns } = pairs[i]!;
    return shown.push({ image, text, nouns: nouns ?? null }) - 1;
  });
  const rows: Float64Array[][] = [];
  for (const scorer of scorers) rows.push(await scorer.score(shown, control.checkpoint?.bind(control)));
  return images.map((image, i): Evaluation => {
    if ('failed' in image) return image;
    return { terms: rows.map((terms, s) => finiteOrReason(scorers[s]!, terms[placeOf[i]!]!)) };
  });
}

function finiteOrReason({ role, names }: Scorer, terms: Float64Array): Float64Array | string {
  const broken = terms.findIndex((value) => !Number.isFinite(value));
  return broken === -1 ? terms : `the scorer "${role}" gave ${names[broken]} = ${terms[broken]}`;
}
