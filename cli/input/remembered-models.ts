/**
 * models.json in the data folder: where the models are that commands were given by their paths, so that `resume`, `export`
 * and `confirm` of their searches find them again.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isModel, listModels } from '../../inference/models/model-roots.js';
import { dataFolderPath } from '../../temporal/data-folder.js';
import { givenModels, joinRoots } from './model-path.js';

/** Name -> folder. */
type Remembered = Readonly<Record<string, unknown>>;

const pathIn = (folder: string): string => join(folder, 'models.json');

function remembered(folder: string): Remembered {
  if (!existsSync(pathIn(folder))) return {};
  try {
    return JSON.parse(readFileSync(pathIn(folder), 'utf8')) as Remembered;
  } catch {
    return {}; // It was cut off: the model is given by its path again.
  }
}

/** Remembers the models that this command was given by their paths. @param folder the data folder */
export function rememberModels(folder: string): void {
  if (givenModels().size === 0) return;
  const all = { ...remembered(folder), ...Object.fromEntries(givenModels()) };
  writeFileSync(pathIn(folder), `${JSON.stringify(all, null, 2)}\n`);
}

/** Finds a model again that is not under the model roots, if it is still where it was. */
export function recallModel(name: string): void {
  if (listModels().includes(name)) return;
  const folder = remembered(dataFolderPath())[name];
  if (typeof folder === 'string' && isModel(folder)) joinRoots(name, folder);
}
