/** Images of candidates, all at once. */
import {
  generateBlocks,
  type EngineControl,
  type Generator,
  type ImageOrFailure,
} from '../../inference/engine/generate-blocks.js';
import type { EngineCandidate, Pair } from '../../inference/engine/sampling-loop.js';

/** [candidate][pair] */
export async function generateAll(
  generator: Generator,
  candidates: readonly EngineCandidate[],
  pairs: readonly Pair[],
  control: EngineControl = {},
): Promise<ImageOrFailure[][]> {
  const images = candidates.map(({ pairs: own }) => new Array<ImageOrFailure>(own.length));
  await generateBlocks(generator, candidates, pairs, control, async (generated) => {
    for (const { k, at, image } of generated) images[k]![at] = image;
  });
  return images;
}
