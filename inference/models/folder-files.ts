/**
 * Files of a model or scorer folder, read with errors that name them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, QschedError } from '../../contract/errors.js';

/** The name of the precision whose file is plain model.onnx. */
export const REFERENCE_PRECISION = 'fp32';

export const lacks = (folder: string, file: string): QschedError =>
  new QschedError(
    'usage',
    `The model folder ${folder} lacks ${file}.`,
    'Export the model again, in the diffusers/Optimum ONNX layout.',
  );

/** The files, if all of them exist. @throws QschedError (usage) naming the first that does not */
export function needFiles(folder: string, files: readonly string[]): readonly string[] {
  for (const file of files) if (!existsSync(join(folder, file))) throw lacks(folder, file);
  return files;
}

/** Reads a JSON object. @throws QschedError (usage) naming a file that cannot be read */
export function readJson(folder: string, file: string): unknown {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    if (typeof value !== 'object' || value === null) throw new Error('it holds no object');
    return value;
  } catch (error) {
    throw new QschedError(
      'usage',
      `${join(folder, file)} cannot be read: ${messageOf(error)}`,
      'Export the model again.',
    );
  }
}
