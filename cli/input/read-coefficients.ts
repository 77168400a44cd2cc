/**
 * Coefficients of every step from a JSON file: an exported schedule, or `{"sample": [...], "noise": [...]}`.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Coefficients } from '../../contract/coefficients.js';
import { messageOf, QschedError } from '../../contract/errors.js';

const Plain = z.object({ sample: z.array(z.number()), noise: z.array(z.number()) });
const File = z.union([Plain, z.object({ coefficients: Plain }).transform(({ coefficients }) => coefficients)]);

/** @throws QschedError (usage): it cannot be read, or holds no coefficients */
export function readCoefficients(path: string): Coefficients {
  const example = 'It needs {"sample": [0.95, 1], "noise": [1, 1.02]}, or what npx qsched export writes.';
  let text: unknown;
  try {
    text = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new QschedError('usage', `${path} cannot be read as JSON: ${messageOf(error)}`, example);
  }
  const read = File.safeParse(text);
  if (!read.success) throw new QschedError('usage', `${path} holds no coefficients.`, example);
  return { sample: read.data.sample, noise: read.data.noise };
}
