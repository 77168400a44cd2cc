/**
 * Images of one block of a shard: found, or drawn and kept. Each is kept as soon as its network batch is
 * done.
 */
import { checkImage, type RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../contract/errors.js';
import { decodeImage, encodeImage, type KeptImage } from '../../artefacts/artefact-formats.js';
import { imageKey } from '../../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../../artefacts/artefact-store.js';
import type { Pair } from './sample-block.js';
import type { ShardContext } from './shard-context.js';

/** An image that is kept; decoded when somebody looks at it. */
export interface Kept {
  readonly hash: string;
  /** Why there is not an image. */
  readonly failed: string | null;
  readonly image: () => RgbImage;
}

/**
 * Every image of a block, and how many of them were drawn.
 *
 * @param images what decides the images of this schedule, beside prompt and seed
 */
export async function imagesOf(
  { job, control, artefacts, openEngine, batch }: ShardContext,
  pairs: readonly Pair[],
  images: string,
): Promise<{ kept: Kept[]; drawn: number }> {
  const keys = pairs.map((pair) => imageKey(images, pair));
  const kept = keys.map((key) => findImage(artefacts, key, job.retryFailed));
  const absent = kept.flatMap((one, at) => (one === undefined ? [at] : []));
  const checkpoint = control.checkpoint === undefined ? {} : { checkpoint: control.checkpoint.bind(control) };
  for (let first = 0; first < absent.length; first += batch) {
    const slice = absent.slice(first, first + batch);
    const engine = await openEngine();
    const [made] = await engine.generate([{ schedule: job.schedule, pairs: slice }], pairs, checkpoint);
    slice.forEach((at, i) => {
      const image = made![i]!;
      const hash = artefacts.put(encodeImage(image));
      artefacts.bind(keys[at]!, hash);
      const failed = 'failed' in image ? image.failed : null;
      kept[at] = { hash, failed, image: () => shown(image, hash) };
    });
  }
  return { kept: kept as Kept[], drawn: absent.length };
}

function findImage(artefacts: ArtefactStore, key: string, retryFailed: boolean): Kept | undefined {
  const hash = artefacts.find(key);
  const bytes = hash === undefined ? undefined : artefacts.get(hash);
  const found = bytes === undefined ? undefined : keptAs(hash!, bytes);
  return retryFailed && found?.failed ? undefined : found;
}

/** Undefined for bytes that are not image, whatever was bound there. */
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
