/**
 * Settings shared by the CLIP-like scorers: a transformers folder with two ONNX towers.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { readJson } from '../models/folder-files.js';

/** Files of a CLIP with both towers. */
export const CLIP_FILES = [
  'text_model.onnx',
  'vision_model.onnx',
  'tokenizer.json',
  'tokenizer_config.json',
  'preprocessor_config.json',
];

/** Settings of preprocessor_config.json. */
export interface ClipPreprocessing {
  readonly size: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** @throws QschedError (usage) if size, mean or std is missing */
export function readClipPreprocessing(folder: string): ClipPreprocessing {
  const config = readJson(folder, 'preprocessor_config.json') as {
    crop_size?: number | { height: number };
    size?: number | { shortest_edge?: number; height?: number };
  };
  const size =
    typeof config.crop_size === 'number'
      ? config.crop_size
      : (config.crop_size?.height ??
        (typeof config.size === 'number' ? config.size : (config.size?.shortest_edge ?? config.size?.height)));
  if (size === undefined) {
    throw new QschedError(
      'usage',
      `${join(folder, 'preprocessor_config.json')} names no size.`,
      'Give "size" or "crop_size".',
    );
  }
  return { size, ...readNormalisation(folder) };
}

/** Mean and standard deviation alone, for a network that takes any size. @throws QschedError (usage) */
export function readNormalisation(folder: string): Omit<ClipPreprocessing, 'size'> {
  const { image_mean: mean, image_std: std } = readJson(folder, 'preprocessor_config.json') as {
    image_mean: [number, number, number];
    image_std: [number, number, number];
  };
  if (
    ![mean, std].every(
      (triple: unknown) => Array.isArray(triple) && triple.length === 3 && triple.every(Number.isFinite),
    )
  ) {
    throw new QschedError(
      'usage',
      `${join(folder, 'preprocessor_config.json')} needs "image_mean" and "image_std" with three numbers each.`,
      'Export the CLIP model again with its preprocessor config.',
    );
  }
  return { mean, std };
}
