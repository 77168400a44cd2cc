/**
 * What a model's model_index.json and modular_model_index.json say of how it is sampled (diffusion/model-sampling.ts).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from './folder-files.js';

const FILES = ['modular_model_index.json', 'model_index.json'];
const KEYS = ['_class_name', 'is_distilled', 'sample_sigmas', 'distilled_sigmas'];

/** These keys of both files, where they have them; those of model_index.json come first. */
export function readModelIndex(folder: string): Record<string, unknown> {
  const found = FILES.filter((file) => existsSync(join(folder, file))).map((file) => readJson(folder, file) as object);
  return Object.fromEntries(
    Object.entries(Object.assign({}, ...found) as object).filter(
      ([key, value]) => KEYS.includes(key) && value !== null,
    ),
  );
}
