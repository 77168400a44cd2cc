/**
 * Images of the artefact folder as a page shows them: in the document itself, scaled down where they would make it too
 * large, or by their address on the server that shows it.
 */
import { decodeImage } from '../../artefacts/artefact-formats.js';
import { readObject } from '../../artefacts/read-object.js';
import type { ImageSource } from '../documents/values.js';
import { scaledToFit, type ImageFile } from './scaled-images.js';

/** Where images are, and how they are shown. */
export interface ImagePlace {
  /** The artefact folder. */
  readonly folder: string;
  /** `inline`: data URIs. `addresses`: `/images/<hash>.png`. */
  readonly images: 'inline' | 'addresses';
  /** How many documents share one page, and the room for its images; 1 by default. */
  readonly sharedBy?: number;
}

/** Images of one document. */
export interface ShownImages {
  /** In the order asked for. */
  readonly sources: readonly ImageSource[];
  /** Their size, and that at which they are shown if it is smaller; null without an image. */
  readonly note: string | null;
}

/** Characters of all data URIs of a page together. */
const MOST_CHARACTERS = 1_600_000;

export const NOT_KEPT = 'no image was kept: an older version made it, or its score was known already';
export const NOT_HERE =
  'not in this artefact folder: it was cleaned, or a worker made it whose QSCHED_ARTEFACTS is another folder';

/** @param hashes of images; null for one that was not kept */
export function imageSources(
  hashes: readonly (string | null)[],
  { folder, images, sharedBy = 1 }: ImagePlace,
): ShownImages {
  const found = hashes.map((hash) => readImage(folder, hash));
  const present = found.flatMap((one) => ('bytes' in one ? [one] : []));
  const size = present[0] === undefined ? null : sizeOf(present[0].bytes);
  if (size === null) return { sources: found.map((one) => ('bytes' in one ? { missing: NOT_HERE } : one)), note: null };
  const [width, height] = size;
  const kept = `Images of ${width} x ${height} pixels`;
  if (images === 'addresses') {
    const sources = found.map((one, i) => ('bytes' in one ? { src: `/images/${hashes[i]!}.png` } : one));
    return { sources, note: `${kept}.` };
  }
  const { files, side } = scaledToFit(present, MOST_CHARACTERS / sharedBy);
  let at = 0;
  const sources = found.map((one) => ('bytes' in one ? { src: dataUri(files[at++]!) } : one));
  const scale = side / Math.max(width, height);
  const shown = `${Math.round(width * scale)} x ${Math.round(height * scale)}`;
  return { sources, note: files === present ? `${kept}.` : `${kept}, shown here at ${shown} as JPEG.` };
}

/** The file of an image, or why there is none. */
export function readImage(folder: string, hash: string | null): ImageFile | { readonly missing: string } {
  if (hash === null) return { missing: NOT_KEPT };
  const bytes = readObject(folder, hash);
  if (bytes === undefined) return { missing: NOT_HERE };
  if (sizeOf(bytes) !== null) return { type: 'image/png', bytes };
  const image = decodeImage(bytes);
  return { missing: image !== undefined && 'failed' in image ? `it failed: ${image.failed}` : NOT_HERE };
}

/** Width and height of a PNG, from its first chunk; null for other bytes. */
function sizeOf(bytes: Uint8Array): readonly [number, number] | null {
  if (bytes.length < 24 || bytes[0] !== 0x89) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [view.getUint32(16), view.getUint32(20)];
}

const dataUri = ({ type, bytes }: ImageFile): string => `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
