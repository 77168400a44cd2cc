/**
 * Images of the artefact folder as a page shows them: in the document itself, scaled down where they would make it too
 * large, or by their address on the server that shows it.
 */
import { decodeImage, encodeImage } from '../../artefacts/artefact-formats.js';
import { readObject } from '../../artefacts/read-object.js';
import type { RgbImage } from '../../metrics/images/image.js';
import { resizePillow } from '../../metrics/images/resize-pillow.js';
import type { ImageSource } from '../documents/values.js';

/** Where images are, and how they are shown. */
export interface ImagePlace {
  /** The artefact folder. */
  readonly folder: string;
  /** `inline`: data URIs. `addresses`: `/images/<hash>.png`. */
  readonly images: 'inline' | 'addresses';
}

/** Images of one document. */
export interface ShownImages {
  /** In the order asked for. */
  readonly sources: readonly ImageSource[];
  /** Their size, and that at which they are shown if it is smaller; null without an image. */
  readonly note: string | null;
}

/** Characters of all data URIs together. */
const MOST_CHARACTERS = 2_200_000;
/** No image is made smaller than this, in pixels of its longer side. */
const LEAST_SIDE = 64;

export const NOT_KEPT = 'no image was kept: an older version made it, or its score was known already';
export const NOT_HERE =
  'not in this artefact folder: it was cleaned, or a worker made it whose QSCHED_ARTEFACTS is another folder';

/** @param hashes of images; null for one that was not kept */
export function imageSources(hashes: readonly (string | null)[], { folder, images }: ImagePlace): ShownImages {
  const found = hashes.map((hash) => readImage(folder, hash));
  const present = found.flatMap((one) => ('bytes' in one ? [one.bytes] : []));
  const first = present.length === 0 ? undefined : decoded(present[0]!);
  if (first === undefined) {
    return { sources: found.map((one) => ('bytes' in one ? { missing: NOT_HERE } : one)), note: null };
  }
  const { width, height } = first;
  const size = `${width} x ${height}`;
  if (images === 'addresses') {
    const sources = found.map((one, i) => ('bytes' in one ? { src: `/images/${hashes[i]!}.png` } : one));
    return { sources, note: `Images of ${size} pixels.` };
  }
  const inline = (bytes: readonly Uint8Array[]): ImageSource[] => {
    let at = 0;
    return found.map((one) => ('bytes' in one ? { src: dataUri(bytes[at++]!) } : one));
  };
  if (charactersOf(present) <= MOST_CHARACTERS) return { sources: inline(present), note: `Images of ${size} pixels.` };
  const { bytes, side } = scaledDown(present);
  const scale = side / Math.max(width, height);
  const shown = `${Math.round(width * scale)} x ${Math.round(height * scale)}`;
  return { sources: inline(bytes), note: `Images of ${size} pixels, shown here at ${shown}.` };
}

/** The bytes of an image, or why there is none. */
export function readImage(folder: string, hash: string | null): { readonly bytes: Uint8Array } | { missing: string } {
  if (hash === null) return { missing: NOT_KEPT };
  const bytes = readObject(folder, hash);
  if (bytes === undefined) return { missing: NOT_HERE };
  if (bytes[0] === 0x89) return { bytes };
  const image = decodeImage(bytes);
  return { missing: image !== undefined && 'failed' in image ? `it failed: ${image.failed}` : NOT_HERE };
}

const dataUri = (bytes: Uint8Array): string => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;

const charactersOf = (all: readonly Uint8Array[]): number =>
  all.reduce((sum, { length }) => sum + 4 * Math.ceil(length / 3), 0);

function decoded(bytes: Uint8Array): RgbImage | undefined {
  const image = decodeImage(bytes);
  return image === undefined || 'failed' in image ? undefined : image;
}

/** All at the same, largest side with which they fit. */
function scaledDown(all: readonly Uint8Array[]): { bytes: Uint8Array[]; side: number } {
  const images = all.map((bytes) => decoded(bytes));
  let side = Math.max(...images.map((image) => (image === undefined ? 0 : Math.max(image.width, image.height))));
  let bytes = [...all];
  while (charactersOf(bytes) > MOST_CHARACTERS && side > LEAST_SIDE) {
    const wanted = side * Math.sqrt(MOST_CHARACTERS / charactersOf(bytes));
    side = Math.max(LEAST_SIDE, Math.min(Math.floor(0.97 * wanted), side - 1));
    bytes = images.map((image, i) => (image === undefined ? all[i]! : encodeImage(atMost(image, side))));
  }
  return { bytes, side };
}

function atMost(image: RgbImage, side: number): RgbImage {
  const scale = side / Math.max(image.width, image.height);
  if (scale >= 1) return image;
  const [width, height] = [Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale))];
  return resizePillow(image, width, height, 'lanczos');
}
