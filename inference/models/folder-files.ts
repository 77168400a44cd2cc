/**
 * Files of a model or scorer folder, read with errors that name them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, QschedError } from '../../contract/errors.js';
import { parsePythonJson } from './python-json.js';

/** The name of the precision whose file is plain model.onnx. */
export const REFERENCE_PRECISION = 'fp32';

/** The error for files that a model folder lacks, with the command that makes them. */
export function lacks(folder: string, ...files: string[]): QschedError {
  const listed = files.length === 1 ? files[0]! : `${files.slice(0, -1).join(', ')} and ${files.at(-1)!}`;
  const hints = [...new Set(files.map((file) => makeFile(folder, file)))];
  return new QschedError('usage', `The model folder ${folder} lacks ${listed}.`, hints.join(' '));
}

/** How a file of a model folder is made from the checkpoint that the model was exported from. */
function makeFile(folder: string, file: string): string {
  if (file.includes('.onnx')) {
    return (
      `Export the model: python tools/export_model.py CHECKPOINT ${folder}, ` +
      `or optimum-cli export onnx --model CHECKPOINT ${folder}.`
    );
  }
  const [, model, tokenizer] = /^(.*)\/(tokenizer[^/]*)\/[^/]+$/.exec(join(folder, file)) ?? [];
  if (model === undefined) return `Copy ${file} from the checkpoint that the model was exported from.`;
  const load = `AutoTokenizer.from_pretrained('CHECKPOINT', subfolder='${tokenizer}')`;
  const code = `from transformers import AutoTokenizer; ${load}.save_pretrained('${model}/${tokenizer}')`;
  return `Save the tokenizer of the checkpoint: python -c "${code}"`;
}

/** The files, if all of them exist. @throws QschedError (usage) naming those that do not */
export function needFiles(folder: string, files: readonly string[]): readonly string[] {
  const absent = files.filter((file) => !existsSync(join(folder, file)));
  if (absent.length > 0) throw lacks(folder, ...absent);
  return files;
}

/** Reads a JSON object, as Python writes it too. @throws QschedError (usage) naming a file that cannot be read */
export function readJson(folder: string, file: string): unknown {
  try {
    const value = parsePythonJson(readFileSync(join(folder, file), 'utf8'));
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

/** The same; empty if there is no such file. @throws QschedError (usage) as `readJson` */
export const optionalJson = (folder: string, file: string): Record<string, unknown> =>
  existsSync(join(folder, file)) ? (readJson(folder, file) as Record<string, unknown>) : {};
