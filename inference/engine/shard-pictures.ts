/**
 * Pictures of one block of a shard: found, or drawn and kept. Each is kept as soon as its network batch is
 * done.
 */
import { checkImage, type RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../spec/errors.js';
import { decodePicture, encodePicture, type KeptPicture } from '../artefacts/artefact-formats.js';
import { pictureKey } from '../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../artefacts/artefacts.js';
import type { Pair } from './sample-block.js';
import type { ShardContext } from './shard-context.js';

/** A picture that is kept; decoded when somebody looks at it. */
export interface Kept {
  readonly hash: string;
  /** Why there is no picture. */
  readonly failed: string | null;
  readonly image: () => RgbImage;
}

/**
 * Every picture of a block, and how many of them were drawn.
 *
 * @param pictures what decides the pictures of this schedule, beside prompt and seed
 */
export async function picturesOf(
  { job, control, artefacts, openEngine, batch }: ShardContext,
  pairs: readonly Pair[],
  pictures: string,
): Promise<{ kept: Kept[]; drawn: number }> {
  const keys = pairs.map((pair) => pictureKey(pictures, pair));
  const kept = keys.map((key) => findPicture(artefacts, key, job.retryFailed));
  const absent = kept.flatMap((one, at) => (one === undefined ? [at] : []));
  const breathe = control.breathe === undefined ? {} : { breathe: control.breathe.bind(control) };
  for (let first = 0; first < absent.length; first += batch) {
    const slice = absent.slice(first, first + batch);
    const engine = await openEngine();
    const [made] = await engine.generate([{ schedule: job.schedule, pairs: slice }], pairs, breathe);
    slice.forEach((at, i) => {
      const picture = made![i]!;
      const hash = artefacts.put(encodePicture(picture));
      artefacts.bind(keys[at]!, hash);
      const failed = 'failed' in picture ? picture.failed : null;
      kept[at] = { hash, failed, image: () => shown(picture, hash) };
    });
  }
  return { kept: kept as Kept[], drawn: absent.length };
}

function findPicture(artefacts: ArtefactStore, key: string, retryFailed: boolean): Kept | undefined {
  const hash = artefacts.find(key);
  const bytes = hash === undefined ? undefined : artefacts.get(hash);
  const found = bytes === undefined ? undefined : keptAs(hash!, bytes);
  return retryFailed && found?.failed ? undefined : found;
}

/** Undefined for bytes that are no picture, whatever was bound there. */
function keptAs(hash: string, bytes: Uint8Array): Kept | undefined {
  const [isFailure, isPng] = [bytes[0] === 0x7b, bytes[0] === 0x89];
  if (isPng) return { hash, failed: null, image: () => shown(decodePicture(bytes), hash) };
  const picture = isFailure ? decodePicture(bytes) : undefined;
  if (picture === undefined || !('failed' in picture)) return undefined;
  return { hash, failed: picture.failed, image: () => shown(picture, hash) };
}

function shown(picture: KeptPicture | undefined, hash: string): RgbImage {
  if (picture === undefined || 'failed' in picture) {
    const what = `The artefact ${hash} is no picture.`;
    throw new QschedError('failure', what, 'Remove it from the artefact folder: it is made again.');
  }
  checkImage(picture);
  return picture;
}
