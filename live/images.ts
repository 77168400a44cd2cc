/**
 * Images of the artefact folder by the hash of their content.
 */
import { readObject } from '../artefacts/read-object.js';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * The bytes of a PNG. Nothing in the folder is changed, damaged files included.
 *
 * @param hash sha256, 64 hex digits
 * @returns undefined if there is no such image, if it is damaged, or if it is something else than a PNG
 */
export function pngOf(folder: string, hash: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = readObject(folder, hash);
  if (bytes === undefined || !PNG.equals(bytes.subarray(0, PNG.length))) return undefined;
  return Uint8Array.from(bytes);
}
