/**
 * Statistics of real images that a model's folder contains: <model>/reference/<scorer folder>.json.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeReference, referencePath } from '../../artefacts/reference-statistics.js';

/**
 * The bytes of such a file, checked.
 *
 * @param folder the model's folder
 * @param features name of the scorer's folder
 * @returns null if the model has none
 * @throws QschedError (usage) if the file is damaged, or belongs to another scorer
 */
export function referenceBytes(folder: string, features: string): Uint8Array | null {
  const file = join(folder, referencePath(features));
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  decodeReference(bytes, features, file);
  return bytes;
}
