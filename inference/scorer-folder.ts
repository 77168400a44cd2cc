/**
 * A CLIP scorer on disk: text_model.onnx, vision_model.onnx, tokenizer and preprocessor config.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { QschedError } from '../spec/errors.js';
import { readJson, type ModelFolder } from './model-folder.js';
import { findModel } from './model-roots.js';

/** Version of the scoring formulas: it enters every evaluation's key. */
export const SCORER_VERSION = 'clip-1';

/** Paths and settings of one scorer. */
export interface ScorerFolder {
  /** The name by which a spec calls it, a role such as `objective`. */
  readonly role: string;
  readonly name: string;
  readonly folder: string;
  readonly files: readonly string[];
  readonly imageSize: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

const FILES = ['text_model.onnx', 'vision_model.onnx', 'tokenizer.json', 'tokenizer_config.json', 'preprocessor_config.json'];

/**
 * Finds a scorer by its role in the model's qsched.json, or by its folder's name.
 *
 * @throws QschedError (usage): unknown scorer, or a folder that lacks a file
 */
export function openScorerFolder(role: string, model: Pick<ModelFolder, 'scorers'>, roots?: readonly string[]): ScorerFolder {
  const name = model.scorers[role] ?? role;
  const folder = findModel(name, 'vision_model.onnx', roots, 'scorer');
  for (const file of FILES) {
    if (!existsSync(join(folder, file))) throw new QschedError('usage', `The scorer folder ${folder} lacks ${file}.`, 'Export the CLIP model again with its text and vision towers.');
  }
  const config = readJson(folder, 'preprocessor_config.json') as {
    crop_size?: number | { height: number };
    size?: number | { shortest_edge?: number; height?: number };
    image_mean: [number, number, number];
    image_std: [number, number, number];
  };
  const size = typeof config.crop_size === 'number' ? config.crop_size : (config.crop_size?.height ?? (typeof config.size === 'number' ? config.size : (config.size?.shortest_edge ?? config.size?.height)));
  if (size === undefined) throw new QschedError('usage', `${join(folder, 'preprocessor_config.json')} names no size.`, 'Give "size" or "crop_size".');
  const { image_mean: mean, image_std: std } = config;
  if (![mean, std].every((triple: unknown) => Array.isArray(triple) && triple.length === 3 && triple.every(Number.isFinite))) {
    throw new QschedError('usage', `${join(folder, 'preprocessor_config.json')} needs "image_mean" and "image_std" with three numbers each.`, 'Export the CLIP model again with its preprocessor config.');
  }
  const data = FILES.map((file) => `${file}_data`).filter((file) => existsSync(join(folder, file)));
  return { role, name, folder, files: [...FILES, ...data], imageSize: size, mean, std };
}
