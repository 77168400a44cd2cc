/**
 * Schedules by reference, before anything is started.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../db/open-store.js';
import { resolveSchedules } from '../../db/resolve-schedules.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { configuredServer } from '../../temporal/connect.js';
import { dataFolderPath } from '../../temporal/data-folder.js';
import { withCurrentStore } from './stored-search.js';

/** Schedules of a spec, by the searches of this data folder. @throws QschedError (usage) for a reference that stands for nothing */
export function resolveHere(spec: EvaluateSpec): void {
  if (existsSync(join(dataFolderPath(), 'qsched.db'))) withCurrentStore((store) => resolveSchedules(store, spec));
  else resolveSchedules(openStore(':memory:'), spec);
}

/**
 * Looks every reference up where the searches are stored in this data folder; a configured server has
 * a store of its own, and looks there.
 *
 * @throws QschedError (usage) for one that stands for nothing, with the command that would make it
 */
export function checkReferences(spec: EvaluateSpec): void {
  const refers = spec.rows.some(({ schedule }) => typeof schedule === 'string' && schedule !== 'identity');
  if (refers && configuredServer() === null) resolveHere(spec);
}
