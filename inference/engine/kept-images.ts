/**
 * Images that are kept as artefacts: reused, or generated and kept as soon as their network batch is done.
 */
import { checkImage, type RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../contract/errors.js';
import { decodeImage, encodeImage, type KeptImage } from '../../artefacts/artefact-formats.js';
import { imageContext, imageKey } from '../../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../../artefacts/artefact-store.js';
import type { Pair } from './sample-block.js';
import type { FusedSchedule } from '../../diffusion/fused.js';
import type { EngineControl } from './generate-blocks.js';
import type { ScoringEngine } from './scoring-engine.js';

/** An image that is kept; decoded when somebody looks at it. */
export interface Kept {
  readonly hash: string;
  /** Why there is no image. */
  readonly failed: string | null;
  readonly image: () => RgbImage;
}

/** What images are made with. */
export interface ImageTools {
  readonly artefacts: ArtefactStore;
  /** Called only if something must be generated or scored. */
  readonly openEngine: () => Promise<ScoringEngine>;
  /** Images per network call. */
  readonly batch: number;
}

/** What determines images beside prompt and seed, and whether kept failures are tried again. */
export interface ImageChoice {
  readonly network: string;
  readonly schedule: FusedSchedule;
  readonly retryFailed: boolean;
}

/** The image of every pair, and how many of them were generated. */
export async function keptImages(
  { network, schedule, retryFailed }: ImageChoice,
  pairs: readonly Pair[],
  { artefacts, openEngine, batch }: ImageTools,
  control: EngineControl,
): Promise<{ kept: Kept[]; generated: number }> {
  const context = imageContext(network, schedule);
  const keys = pairs.map((pair) => imageKey(context, pair));
  const kept = keys.map((key) => findImage(artefacts, key, retryFailed));
  const absent = kept.flatMap((one, at) => (one === undefined ? [at] : []));
  const checkpoint = control.checkpoint === undefined ? {} : { checkpoint: control.checkpoint.bind(control) };
  for (let first = 0; first < absent.length; first += batch) {
    const slice = absent.slice(first, first + batch);
    const engine = await openEngine();
    const [made] = await engine.generate([{ schedule, pairs: slice }], pairs, checkpoint);
    slice.forEach((at, i) => {
      const image = made![i]!;
      const hash = artefacts.put(encodeImage(image));
      artefacts.bind(keys[at]!, hash);
      const failed = 'failed' in image ? image.failed : null;
      kept[at] = { hash, failed, image: () => shown(image, hash) };
    });
  }
  return { kept: kept as Kept[], generated: absent.length };
}

function findImage(artefacts: ArtefactStore, key: string, retryFailed: boolean): Kept | undefined {
  const hash = artefacts.find(key);
  const bytes = hash === undefined ? undefined : artefacts.get(hash);
  const found = bytes === undefined ? undefined : keptAs(hash!, bytes);
  return retryFailed && found?.failed ? undefined : found;
}

/** Undefined for bytes that are not an image, whatever was bound there. */
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
