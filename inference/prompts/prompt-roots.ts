/**
 * Where prompt sets are looked for.
 */
import { delimiter, join, resolve } from 'node:path';
import { packageRoot } from '../models/model-roots.js';

/** Folders of QSCHED_PROMPTS. */
const named = (): string[] =>
  (process.env['QSCHED_PROMPTS'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((root) => resolve(root));

/** `prompts` in the data folder, which is QSCHED_DATA, or .qsched in the working folder. */
const inDataFolder = (): string => join(resolve(process.env['QSCHED_DATA'] || '.qsched'), 'prompts');

/** Folders that hold prompt sets: those of QSCHED_PROMPTS first, then that of the data folder, then the bundled ones. */
export const promptRoots = (): string[] => [...named(), inDataFolder(), join(packageRoot(), 'prompts')];

/** The folder that new sets are written to. */
export const writtenRoot = (): string => named()[0] ?? inDataFolder();
