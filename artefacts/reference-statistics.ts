/**
 * Statistics of real images: mean and covariance of their features, as a model's folder and the artefact folder keep
 * them. A file is {features, dimension, images, source, mean, covariance}; mean is base64 of little-endian float64, and
 * so is covariance, whole or its upper triangle row after row.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { messageOf, QschedError } from '../contract/errors.js';
import { decodeFloats } from '../contract/float-text.js';
import type { NamedReference } from '../metrics/distances/row-distances.js';

/** The file for the features of a scorer's folder, inside a model's folder. */
export const referencePath = (features: string): string => join('reference', `${features}.json`);

/**
 * Reads such a file.
 *
 * @param features name of the scorer's folder
 * @param where name of the file in messages
 * @throws QschedError (usage) if it is damaged, or belongs to another scorer
 */
export function decodeReference(bytes: Uint8Array, features: string, where: string): NamedReference {
  const refuse = (what: string): QschedError => new QschedError('usage', `${where} ${what}.`, howToMake(features));
  let read: Readonly<Record<string, unknown>>;
  try {
    read = JSON.parse(Buffer.from(bytes).toString('utf8')) as typeof read;
  } catch (error) {
    throw new QschedError('usage', `${where} cannot be read: ${messageOf(error)}`, 'Export the model again.');
  }
  const { dimension, images } = read;
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
  return { name, dimension, images, mean, covariance: square };
}

/** The command that makes such a file. */
export const howToMake = (features: string): string =>
  'Make it from real images: python tools/feature_statistics.py IMAGES ' +
  `--scorer models/${features} --output models/MODEL/reference/${features}.json`;

const whole = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value > 0;

/** Float64 numbers; none if the text does not hold whole ones. */
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
