/**
 * Images, a scorer folder and an objective, put together.
 */
import { availableParallelism } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { QschedError } from '../contract/errors.js';
import { DEFAULT_K } from '../contract/search-spec.js';
import { parseDevice } from '../inference/models/device.js';
import { isFolder, modelRoots } from '../inference/models/model-roots.js';
import { openScorerFolder, scorerKind } from '../inference/scorers/scorer-folder.js';
import { createObjective } from '../metrics/objectives/jaq.js';
import { planObjective } from '../metrics/objectives/plan-objective.js';
import { readImage, type ImageSource } from './read-image.js';
import type { ImageScores, ScoreImagesOptions } from './image-scores.js';

/** Rows per call of the scorer's networks, as in a search of a small model. */
const BATCH = 20;
const MAX_THREADS = 16;

/** {@link scoreImages} of score-images.ts. */
export async function scoreWith(
  images: readonly ImageSource[],
  { prompts, scorer, k = DEFAULT_K, device = 'cpu', threads, batch = BATCH }: ScoreImagesOptions,
): Promise<ImageScores[]> {
  const texts = typeof prompts === 'string' ? images.map(() => prompts) : prompts;
  if (texts.length !== images.length) {
    throw new QschedError(
      'usage',
      `There are ${images.length} images but ${texts.length} prompts.`,
      'Give one prompt per image, in the same order, or a single text for all of them.',
    );
  }
  parseDevice(device);
  const shown = images.map((source, i) => ({ image: readImage(source), text: texts[i]!, nouns: null }));
  const { name, roots } = placeOf(scorer);
  const folder = openScorerFolder(name, { scorers: {} }, roots);
  const objective = folder.names.includes('cosine')
    ? createObjective(planObjective({ type: 'jaq-clip', k, scorer: name }))
    : null;
  const opened = await scorerKind(folder).open(folder, {
    batch,
    device,
    threads: threads ?? Math.min(MAX_THREADS, availableParallelism()),
  });
  try {
    const rows = await opened.score(shown);
    return rows.map((row, i) => {
      const terms = Object.fromEntries(opened.names.map((term, j) => [term, finite(row[j]!, term, images[i]!, i)]));
      return { terms, jaq: objective === null ? null : objective.perImage({ [name]: terms }) };
    });
  } finally {
    await opened.release();
  }
}

/** A path names a folder by itself; a plain name is looked for under the model roots. */
function placeOf(scorer: string): { readonly name: string; readonly roots: readonly string[] } {
  const folder = resolve(scorer);
  return /[/\\]/.test(scorer) && isFolder(folder)
    ? { name: basename(folder), roots: [dirname(folder)] }
    : { name: scorer, roots: modelRoots() };
}

function finite(value: number, term: string, source: ImageSource, i: number): number {
  if (Number.isFinite(value)) return value;
  const image = typeof source === 'string' ? source : `image ${i}`;
  throw new QschedError('failure', `The scorer gave ${term} = ${value} for ${image}.`, 'Leave this image out.');
}
