/**
 * A schedule from a file, completed by its scheduler.
 */
import { readFileSync } from 'node:fs';
import { pipelineOptions } from '../../contract/pipeline-choice.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { parseSchedule, type CompleteSchedule, type ScheduleDocument } from '../../contract/schedule-document.js';
import { completeSchedule } from '../../diffusion/schedule-document.js';
import type { Scheduler } from '../../diffusion/scheduler.js';
import { schedulerOf, type SchedulerSource } from '../../diffusion/scheduler-of.js';
import { openModelFolder, REFERENCE_PRECISION, type ModelFolder } from '../../inference/models/model-folder.js';
import { listModels } from '../../inference/models/model-roots.js';

/**
 * Reads a schedule from a file, and fills in what it omits.
 *
 * @param named the model whose scheduler_config.json applies; by default the document's own config, or its model
 * @throws QschedError (usage): no such file, not a schedule, or one that contradicts its scheduler
 */
export function readScheduleFile(path: string, named?: string): CompleteSchedule {
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new QschedError(
      'usage',
      `${path} cannot be read: ${messageOf(error)}`,
      'Use the path of a qsched-schedule/1 JSON file; `npx qsched export` writes such files.',
    );
  }
  const document = parseSchedule(input, path);
  return completeSchedule(schedulerFor(document, named), document, path);
}

/** The scheduler of a document, with the document's own config or that of the model it was made for. @throws QschedError (usage) */
export function schedulerFor(document: ScheduleDocument, given?: string): Scheduler {
  const { scheduler, model, precision } = document;
  const named = given ?? model;
  if (scheduler.config === undefined && named === undefined) {
    throw new QschedError(
      'usage',
      'The file has neither a model nor scheduler.config.',
      `Name the model whose scheduler_config.json applies: --model ${listModels()[0] ?? 'NAME'}. Models here: ${listModels().join(', ')}.`,
    );
  }
  const own = given === undefined ? scheduler.config : undefined;
  const source: SchedulerSource =
    own === undefined
      ? openModelFolder(named!, given === undefined ? (precision ?? REFERENCE_PRECISION) : REFERENCE_PRECISION)
      : { latentShape: [1, 1, 1], ...modelHere(document), schedulerConfig: own };
  return schedulerOf(source, scheduler);
}

/** The model of a document; null if it is not here. */
export function modelHere({
  model,
  precision,
  pipeline = {},
}: Pick<ScheduleDocument, 'model' | 'precision' | 'pipeline'>): ModelFolder | null {
  try {
    if (model === undefined) return null;
    return openModelFolder(model, precision ?? REFERENCE_PRECISION, undefined, pipelineOptions(pipeline));
  } catch {
    return null;
  }
}
