/**
 * Raw terms of images, from every scorer.
 */
import type { ScoredImage, Scorer } from '../scorers/scorer.js';
import { generateBlocks, type EngineControl, type Generator, type ImageOrFailure } from './generate-blocks.js';
import type { EngineCandidate, Pair } from './sampling-loop.js';

/** Terms of every scorer in the order of its names (or why that scorer has none); or why there is no image. */
export type Evaluation = { readonly terms: readonly (Float64Array | string)[] } | { readonly failed: string };

/**
 * Generates and scores block by block.
 *
 * @returns for each candidate, one evaluation for each of its pairs, in order
 */
export async function scoreCandidates(
  generator: Generator,
  scorers: readonly Scorer[],
  candidates: readonly EngineCandidate[],
  pairs: readonly Pair[],
  control: EngineControl = {},
): Promise<Evaluation[][]> {
  const results = candidates.map(({ pairs: own }) => new Array<Evaluation>(own.length));
  await generateBlocks(generator, candidates, pairs, control, async (generated) => {
    const images = generated.map(({ image }) => image);
    const shown = generated.map(({ k, at }) => pairs[candidates[k]!.pairs[at]!]!);
    const evaluations = await scoreImages(scorers, images, shown, control);
    generated.forEach(({ k, at }, i) => {
      results[k]![at] = evaluations[i]!;
    });
  });
  return results;
}

/** One evaluation per image; an image that failed remains a failure. @param pairs the pair of each image */
export async function scoreImages(
  scorers: readonly Scorer[],
  images: readonly ImageOrFailure[],
  pairs: readonly Pair[],
  control: EngineControl = {},
): Promise<Evaluation[]> {
  const shown: ScoredImage[] = [];
  const placeOf = images.map((image, i) => {
    if ('failed' in image) return -1;
    const { text, nouns } = pairs[i]!;
    return shown.push({ image, text, nouns: nouns ?? null }) - 1;
  });
  const rows: Float64Array[][] = [];
  for (const scorer of scorers) rows.push(await scorer.score(shown, control.checkpoint));
  return images.map((image, i): Evaluation => {
    if ('failed' in image) return image;
    return { terms: rows.map((terms, s) => finiteOrReason(scorers[s]!, terms[placeOf[i]!]!)) };
  });
}

function finiteOrReason({ role, names }: Scorer, terms: Float64Array): Float64Array | string {
  const broken = terms.findIndex((value) => !Number.isFinite(value));
  return broken === -1 ? terms : `the scorer "${role}" gave ${names[broken]} = ${terms[broken]}`;
}
