/**
 * Images that are kept as artefacts: reused, or generated and kept as soon as their network batch is done.
 */
import { checkImage, type RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../contract/errors.js';
import type { WireSchedule } from '../../contract/wire/schedule.js';
import { decodeImage, encodeImage, type KeptImage } from '../../artefacts/artefact-formats.js';
import { imageContext, imageKey } from '../../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../../artefacts/artefact-store.js';
import { generateBlocks, type EngineControl } from './generate-blocks.js';
import type { JobTools } from './job-tools.js';
import type { EngineCandidate, Pair } from './sampling-loop.js';

/** An image that is kept; decoded when it is looked at. */
export interface Kept {
  readonly hash: string;
  /** Why there is no image; null if there is one. */
  readonly failed: string | null;
  readonly image: () => RgbImage;
}

/** An image by what decides it, besides the network. */
export interface WantedImage {
  /** The steps with coefficients inside. */
  readonly schedule: WireSchedule;
  readonly pair: Pair;
}

/**
 * All images, in order, and how many of them were generated.
 *
 * @param network the network's hash
 * @param retryFailed whether images that are kept as failures are generated again
 * @throws QschedError (failure) if the folder cannot be written; what was kept before stays
 */
export async function keptImages(
  network: string,
  wanted: readonly WantedImage[],
  retryFailed: boolean,
  tools: JobTools,
  { checkpoint }: EngineControl,
): Promise<{ kept: Kept[]; generated: number }> {
  const artefacts = tools.artefacts();
  const contexts = new Map(
    [...new Set(wanted.map(({ schedule }) => schedule))].map((s) => [s, imageContext(network, s)]),
  );
  const keys = wanted.map(({ schedule, pair }) => imageKey(contexts.get(schedule)!, pair));
  const kept = keys.map((key) => findImage(artefacts, key, retryFailed));
  const absent = kept.flatMap((one, place) => (one === undefined ? [place] : []));
  for (let first = 0; first < absent.length;) {
    const generator = await tools.generator();
    const slice = absent.slice(first, first + generator.sampler.pipeline.batches.denoiser);
    const { candidates, pairs } = gathered(wanted, slice);
    await generateBlocks(generator, candidates, pairs, { checkpoint }, async (generated) => {
      for (const { k, at, image } of generated) {
        const place = candidates[k]!.places[at]!;
        const hash = artefacts.put(encodeImage(image));
        artefacts.bind(keys[place]!, hash);
        const failed = 'failed' in image ? image.failed : null;
        kept[place] = { hash, failed, image: () => shown(image, hash) };
      }
    });
    first += slice.length;
  }
  return { kept: kept as Kept[], generated: absent.length };
}

/** Images made elsewhere, by their hashes. @throws QschedError (failure, final) for one that is gone */
export const givenImages = (hashes: readonly string[], artefacts: ArtefactStore): Kept[] =>
  hashes.map((hash) => {
    const bytes = artefacts.get(hash);
    const kept = bytes === undefined ? undefined : keptAs(hash, bytes);
    if (kept !== undefined) return kept;
    throw new QschedError(
      'failure',
      `The image ${hash} of a folder is gone from the artefact folder.`,
      'Run the same command again: the folder is read anew.',
      true,
    );
  });

/** Some of the images as candidates on pairs, so that what they share is computed once. */
function gathered(
  wanted: readonly WantedImage[],
  places: readonly number[],
): { candidates: (EngineCandidate & { readonly places: readonly number[] })[]; pairs: Pair[] } {
  const pairs: Pair[] = [];
  const indexOf = new Map<string, number>();
  const own = new Map<WireSchedule, { readonly pairs: number[]; readonly places: number[] }>();
  for (const place of places) {
    const { schedule, pair } = wanted[place]!;
    const name = `${pair.seed}|${pair.text}`;
    const index = indexOf.get(name) ?? pairs.push(pair) - 1;
    indexOf.set(name, index);
    const candidate = own.get(schedule) ?? { pairs: [], places: [] };
    own.set(schedule, candidate);
    candidate.pairs.push(index);
    candidate.places.push(place);
  }
  return { candidates: [...own].map(([schedule, candidate]) => ({ schedule, ...candidate })), pairs };
}

function findImage(artefacts: ArtefactStore, key: string, retryFailed: boolean): Kept | undefined {
  const hash = artefacts.find(key);
  const found = hash === undefined ? undefined : keptImage(artefacts, hash);
  return retryFailed && found?.failed ? undefined : found;
}

/** An image by its own hash; undefined if it is gone or damaged. */
export function keptImage(artefacts: ArtefactStore, hash: string): Kept | undefined {
  const bytes = artefacts.get(hash);
  return bytes === undefined ? undefined : keptAs(hash, bytes);
}

/** Undefined for bytes that are not an image, whatever the key was bound to. */
function keptAs(hash: string, bytes: Uint8Array): Kept | undefined {
  const [isFailure, isPng] = [bytes[0] === 0x7b, bytes[0] === 0x89];
  if (isPng) return { hash, failed: null, image: () => shown(decodeImage(bytes), hash) };
  const image = isFailure ? decodeImage(bytes) : undefined;
  if (image === undefined || !('failed' in image)) return undefined;
  return { hash, failed: image.failed, image: () => shown(image, hash) };
}

function shown(image: KeptImage | undefined, hash: string): RgbImage {
  if (image === undefined || 'failed' in image) {
    const what = `The artefact ${hash} is not an image.`;
    throw new QschedError('failure', what, 'Remove it from the artefact folder: it is made again.');
  }
  checkImage(image);
  return image;
}
