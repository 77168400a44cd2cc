/**
 * A text-to-image model on disk: a folder with a model_index.json, of a kind that inference/pipelines/ knows.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { PIPELINE_KINDS, type PipelineName } from '../pipelines/kinds.js';
import type { PipelineKind, PipelineModel } from '../pipelines/pipeline-kind.js';
import { externalFiles } from './external-files.js';
import { lacks, readJson } from './folder-files.js';
import { findModel } from './model-roots.js';

export { readJson, REFERENCE_PRECISION } from './folder-files.js';

/** One model at one precision, with its settings read and nothing loaded. */
export interface ModelFolder extends PipelineModel {
  readonly name: string;
  readonly precision: string;
  /** All precisions of the folder. */
  readonly precisions: readonly string[];
  readonly folder: string;
  readonly options: PipelineOptions;
  readonly pipeline: PipelineName;
  /** Files relative to `folder` that determine the model's output, with all external data. */
  readonly files: readonly string[];
  /** The model's scheduler_config.json. */
  readonly schedulerConfig: Readonly<Record<string, unknown>>;
  /** Scorer role -> scorer folder. */
  readonly scorers: Readonly<Record<string, string>>;
}

/** The kind of a folder. @throws QschedError (usage) if no kind fits */
function kindOf(folder: string): { name: PipelineName; kind: PipelineKind } {
  for (const [name, kind] of Object.entries(PIPELINE_KINDS)) {
    if (kind.matches(folder)) return { name: name as PipelineName, kind };
  }
  const markers = Object.values(PIPELINE_KINDS).map(({ marker }) => marker);
  throw lacks(folder, markers.join(' or '));
}

/** The precisions that a model has, sorted. @throws QschedError (usage) if no kind fits the folder */
export const listPrecisions = (folder: string): string[] => kindOf(folder).kind.precisions(folder);

/**
 * Finds and checks a model folder.
 *
 * @param roots where models are looked for; by default where the environment says
 * @param options size and guidance, if they are not the model's own
 * @throws QschedError (usage): unknown model or precision, a folder that lacks a file, an option that it does not take
 */
export function openModelFolder(
  name: string,
  precision: string,
  roots?: readonly string[],
  options: PipelineOptions = {},
): ModelFolder {
  const folder = findModel(name, ['model_index.json'], roots);
  const { name: pipeline, kind } = kindOf(folder);
  const precisions = kind.precisions(folder);
  if (precisions.length === 0) throw lacks(folder, kind.marker);
  if (!precisions.includes(precision)) {
    throw new QschedError(
      'usage',
      `The model "${name}" has no precision "${precision}".`,
      suggestion(precision, precisions),
    );
  }
  const model = kind.read(folder, precision, options);
  const beside = model.files.map((file) => `${file}_data`).filter((file) => existsSync(join(folder, file)));
  const files = [...model.files, ...beside];
  const own = existsSync(join(folder, 'qsched.json'))
    ? (readJson(folder, 'qsched.json') as { scorers?: Record<string, string> })
    : {};
  return {
    ...model,
    name,
    precision,
    precisions,
    folder,
    options,
    pipeline,
    files: [...files, ...externalFiles(folder, files)],
    schedulerConfig: readJson(folder, 'scheduler/scheduler_config.json') as Record<string, unknown>,
    scorers: own.scorers ?? {},
  };
}
