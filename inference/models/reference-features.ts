/**
 * Features of real images that a model comes with, as mean and covariance:
 *
 *   <model>/reference/<scorer folder>.json = {features, dimension, images, source, mean, covariance}
 *
 * mean is base64 of little-endian float64; covariance the same, whole or its upper triangle row after row.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedReference } from '../../metrics/distances/row-distances.js';
import { QschedError } from '../../contract/errors.js';
import { decodeFloats } from '../../contract/float-text.js';
import { fileStamp } from './file-hashes.js';
import { readJson } from './model-folder.js';

/** Statistics of real images, named by the sha256 of their numbers, and where they come from. */
export interface ReferenceFeatures extends NamedReference {
  readonly source: string;
}

/** What was read last, by file and stamp: with 2,048 features it is large, and rows share it. */
const known = new Map<string, ReferenceFeatures>();
const MAX_KNOWN = 2;

/** Where the features of a scorer's folder are looked for, inside the model's folder. */
export const referencePath = (features: string): string => join('reference', `${features}.json`);

/**
 * @param folder the model's folder
 * @param features name of the scorer's folder
 * @returns null where the model comes with none; the same object as long as the file stays as it is
 * @throws QschedError (usage) for a file that is damaged, or is of another scorer
 */
export function readReferenceFeatures(folder: string, features: string): ReferenceFeatures | null {
  const file = join(folder, referencePath(features));
  if (!existsSync(file)) return null;
  const key = fileStamp(file);
  const found = known.get(key);
  if (found !== undefined) return found;
  const read = readReferenceFile(folder, features);
  known.set(key, read);
  if (known.size > MAX_KNOWN) known.delete(known.keys().next().value!);
  return read;
}

function readReferenceFile(folder: string, features: string): ReferenceFeatures {
  const path = referencePath(features);
  const refuse = (what: string): QschedError =>
    new QschedError('usage', `${join(folder, path)} ${what}.`, howToMake(features));
  const read = readJson(folder, path) as Readonly<Record<string, unknown>>;
  const { dimension, images, source } = read;
  if (read['features'] !== features) {
    throw refuse(`holds the features of ${JSON.stringify(read['features'])}, not of "${features}"`);
  }
  if (!whole(dimension) || !whole(images)) throw refuse('needs "dimension" and "images" as whole numbers above 0');
  const mean = floats(read['mean']);
  const covariance = floats(read['covariance']);
  const square = squareOf(covariance, dimension);
  if (mean.length !== dimension || square === undefined) {
    const found = `a mean of ${mean.length} and a covariance of ${covariance.length} numbers`;
    throw refuse(`is damaged: ${found} do not fit the dimension ${dimension}`);
  }
  if (!mean.every(Number.isFinite) || !square.every(Number.isFinite)) {
    throw refuse('is damaged: it holds a number that is not finite');
  }
  const name = createHash('sha256').update(mean).update(square).digest('hex');
  return { name, dimension, images, mean, covariance: square, source: typeof source === 'string' ? source : 'unknown' };
}

/** The command that makes them. */
export const howToMake = (features: string): string =>
  'Make it from real images: python tools/feature_statistics.py IMAGES ' +
  `--scorer models/${features} --output models/MODEL/reference/${features}.json`;

const whole = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value > 0;

/** Bytes that are no whole numbers of 8 are none. */
function floats(text: unknown): Float64Array {
  if (typeof text !== 'string') return new Float64Array();
  return Buffer.from(text, 'base64').length % 8 === 0 ? decodeFloats(text) : new Float64Array();
}

function squareOf(values: Float64Array, d: number): Float64Array | undefined {
  if (values.length === d * d) return values;
  if (values.length !== (d * (d + 1)) / 2) return undefined;
  const square = new Float64Array(d * d);
  let at = 0;
  for (let row = 0; row < d; row += 1) {
    for (let column = row; column < d; column += 1) {
      square[row * d + column] = values[at]!;
      square[column * d + row] = values[at]!;
      at += 1;
    }
  }
  return square;
}
