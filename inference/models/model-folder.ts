/**
 * A text-to-image model on disk: diffusers/Optimum ONNX layout.
 *
 *   model_index.json  tokenizer/  text_encoder/model.onnx  vae_decoder/model.onnx
 *   scheduler/scheduler_config.json   unet/model.onnx  unet/model_<precision>.onnx
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { externalFiles } from './external-files.js';
import { findModel } from './model-roots.js';

/** The name of the precision whose file is plain model.onnx. */
export const REFERENCE_PRECISION = 'fp32';

/** Paths and settings of one model at one precision. */
export interface ModelFolder {
  readonly name: string;
  readonly precision: string;
  readonly folder: string;
  /** File paths relative to `folder` that determine the model's output. */
  readonly files: readonly string[];
  readonly network: string;
  readonly schedulerConfig: Readonly<Record<string, unknown>>;
  /** VAE: z / scalingFactor + shiftFactor is decoded. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** (channels, height, width) of a latent. */
  readonly latentShape: readonly [number, number, number];
  /** Scorer role -> scorer folder. */
  readonly scorers: Readonly<Record<string, string>>;
}

const lacks = (folder: string, file: string): QschedError =>
  new QschedError(
    'usage',
    `The model folder ${folder} lacks ${file}.`,
    'Export the model again, in the diffusers/Optimum ONNX layout.',
  );

/** The precisions that a model has: fp32 for unet/model.onnx, and every unet/model_<precision>.onnx. */
export function listPrecisions(folder: string): string[] {
  if (!existsSync(join(folder, 'unet'))) throw lacks(folder, 'unet/model.onnx');
  const names = readdirSync(join(folder, 'unet')).flatMap(
    (file) => /^model(?:_([a-z0-9]+))?\.onnx$/.exec(file)?.slice(0, 2) ?? [],
  );
  const found: string[] = [];
  for (let i = 0; i < names.length; i += 2) found.push(names[i + 1] ?? REFERENCE_PRECISION);
  return found.sort();
}

/**
 * Finds and checks a model folder.
 *
 * @throws QschedError (usage): unknown model or precision, or a folder that lacks a file
 */
export function openModelFolder(name: string, precision: string, roots?: readonly string[]): ModelFolder {
  const folder = findModel(name, ['model_index.json'], roots);
  const need = (file: string): string => {
    if (!existsSync(join(folder, file))) throw lacks(folder, file);
    return file;
  };
  need('unet/model.onnx');
  const precisions = listPrecisions(folder);
  if (!precisions.includes(precision)) {
    throw new QschedError(
      'usage',
      `The model "${name}" has no precision "${precision}".`,
      suggestion(precision, precisions),
    );
  }
  const network = precision === REFERENCE_PRECISION ? 'unet/model.onnx' : `unet/model_${precision}.onnx`;
  const files = [
    need('model_index.json'),
    need('tokenizer/tokenizer.json'),
    need('tokenizer/tokenizer_config.json'),
    need('text_encoder/model.onnx'),
    need('unet/config.json'),
    network,
    need('vae_decoder/model.onnx'),
    need('vae_decoder/config.json'),
    need('scheduler/scheduler_config.json'),
  ];
  files.push(...files.map((file) => `${file}_data`).filter((file) => existsSync(join(folder, file))));
  files.push(...externalFiles(folder, files));
  const unet = readJson(folder, 'unet/config.json') as { in_channels: number; sample_size: number | [number, number] };
  const vae = readJson(folder, 'vae_decoder/config.json') as { scaling_factor?: number; shift_factor?: number | null };
  const own = existsSync(join(folder, 'qsched.json'))
    ? (readJson(folder, 'qsched.json') as { scorers?: Record<string, string> })
    : {};
  const [height, width] = Array.isArray(unet.sample_size) ? unet.sample_size : [unet.sample_size, unet.sample_size];
  if (![unet.in_channels, height, width].every((side) => Number.isInteger(side) && side > 0)) {
    throw new QschedError(
      'usage',
      `${join(folder, 'unet/config.json')} needs "in_channels" and "sample_size" as whole numbers above 0.`,
      'Export the model again.',
    );
  }
  return {
    name,
    precision,
    folder,
    files,
    network,
    schedulerConfig: readJson(folder, 'scheduler/scheduler_config.json') as Record<string, unknown>,
    scalingFactor: vae.scaling_factor ?? 1,
    shiftFactor: vae.shift_factor ?? 0,
    latentShape: [unet.in_channels, height, width],
    scorers: own.scorers ?? {},
  };
}

/** Reads a JSON file of a model folder; a broken one is named. */
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
