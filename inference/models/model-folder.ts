/**
 * A model on disk: a folder with the ONNX networks of a pipeline, of a kind that inference/pipelines/ knows.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { PIPELINE_KINDS, type PipelineName } from '../pipelines/kinds.js';
import type { PipelineKind, PipelineModel } from '../pipelines/pipeline-kind.js';
import { unknownFamily } from '../pipelines/unknown-family.js';
import { externalFiles } from './external-files.js';
import { optionalJson } from './folder-files.js';
import { defaultPrecision } from './default-precision.js';
import { denoiserOf, modelParts, referenceOf, type ModelParts } from './model-parts.js';
import { findModel } from './model-roots.js';
import { readModelIndex } from './model-index.js';
import { ownSettings, type OwnSettings } from './own-settings.js';
import { describedServer, isServed } from '../served/served-folder.js';
import { servedModel, servedPrecisions } from '../served/served-model.js';

export { readJson, REFERENCE_PRECISION } from './folder-files.js';
export { referenceOf } from './model-parts.js';

/** One model at one precision, with its settings read and nothing loaded. */
export interface ModelFolder extends PipelineModel {
  readonly name: string;
  readonly precision: string;
  /** All precisions of the folder. */
  readonly precisions: readonly string[];
  readonly folder: string;
  readonly options: PipelineOptions;
  /** The family: the name of a pipeline kind, or what a model server calls it. */
  readonly pipeline: string;
  /** Files relative to `folder` that determine the model's output, with all external data. */
  readonly files: readonly string[];
  /** The model's scheduler_config.json; empty if it has none. */
  readonly schedulerConfig: Readonly<Record<string, unknown>>;
  /** What its model_index.json and modular_model_index.json say of how it is sampled. */
  readonly modelIndex: Readonly<Record<string, unknown>>;
  /** Its qsched.json. */
  readonly settings: OwnSettings;
  /** Scorer role -> scorer folder. */
  readonly scorers: Readonly<Record<string, string>>;
}

/** The precisions that a model has, sorted. @throws QschedError (usage) if a folder has no denoiser */
export const listPrecisions = (folder: string): string[] =>
  isServed(folder) ? servedPrecisions(describedServer(folder)) : [...denoiserOf(folder).files.keys()];

/** The kind of a folder at a precision. @throws QschedError (usage) if no kind fits, or the network cannot be read */
export const familyOfFolder = (folder: string, precision: string): string =>
  isServed(folder) ? describedServer(folder).pipeline : kindOf(modelParts(folder, precision)).name;

/** @throws QschedError (usage) if no kind fits */
function kindOf(parts: ModelParts): { name: PipelineName; kind: PipelineKind } {
  for (const [name, kind] of Object.entries(PIPELINE_KINDS)) {
    if (kind.matches(parts)) return { name: name as PipelineName, kind };
  }
  throw unknownFamily(parts, Object.keys(PIPELINE_KINDS));
}

/**
 * Finds and checks a model folder.
 *
 * @param precision one of its precisions, `default` for the one that a search uses by default, or `reference` for full
 *   precision
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
  const folder = findModel(name, roots);
  const settings = ownSettings(folder);
  return isServed(folder)
    ? openServed({ name, folder, precision, options, settings })
    : openFiles({ name, folder, precision, options, settings });
}

/** A model to open. */
interface Asked {
  readonly name: string;
  readonly folder: string;
  readonly precision: string;
  readonly options: PipelineOptions;
  readonly settings: OwnSettings;
}

/** Networks behind a server. */
function openServed({ name, folder, precision, options, settings }: Asked): ModelFolder {
  const description = describedServer(folder);
  const { pipeline, schedulerConfig, modelIndex, defaultPrecision: own } = description;
  const precisions = servedPrecisions(description);
  const preferred = own === undefined ? settings : { defaultPrecision: own, ...settings };
  const chosen = chosenPrecision(precision, precisions, folder, preferred);
  if (chosen === null || !precisions.includes(chosen)) throw noPrecision(name, precision, chosen, precisions);
  return {
    ...servedModel(folder, name, chosen, options, description),
    name,
    precision: chosen,
    precisions,
    folder,
    options,
    pipeline,
    schedulerConfig,
    modelIndex,
    settings,
    scorers: settings.scorers ?? {},
  };
}

/** Networks in ONNX files. */
function openFiles({ name, folder, precision, options, settings }: Asked): ModelFolder {
  const denoiser = denoiserOf(folder);
  const precisions = [...denoiser.files.keys()];
  const chosen = chosenPrecision(precision, precisions, folder, settings);
  if (chosen === null || !precisions.includes(chosen)) {
    throw noPrecision(name, precision, chosen, precisions, denoiser.component);
  }
  const parts = modelParts(folder, chosen, denoiser);
  const { name: pipeline, kind } = kindOf(parts);
  const model = kind.read(parts, options);
  const beside = model.files.map((file) => `${file}_data`).filter((file) => existsSync(join(folder, file)));
  const files = [...model.files, ...beside];
  return {
    ...model,
    name,
    precision: chosen,
    precisions,
    folder,
    options,
    pipeline,
    files: [...files, ...externalFiles(folder, files)],
    schedulerConfig: optionalJson(folder, 'scheduler/scheduler_config.json'),
    modelIndex: readModelIndex(folder),
    settings,
    scorers: settings.scorers ?? {},
  };
}

function chosenPrecision(
  precision: string,
  precisions: readonly string[],
  folder: string,
  settings: OwnSettings,
): string | null {
  if (precision === 'reference') return referenceOf(precisions);
  return precision === 'default' ? defaultPrecision(folder, precisions, settings) : precision;
}

/** @param component the folder's denoiser; absent where a server has it */
function noPrecision(
  name: string,
  precision: string,
  chosen: string | null,
  precisions: readonly string[],
  component?: string,
): QschedError {
  if (chosen !== null) {
    return new QschedError(
      'usage',
      `The model "${name}" has no precision "${precision}".`,
      suggestion(precision, precisions),
    );
  }
  return new QschedError(
    'usage',
    `The model "${name}" has no full-precision network: ${component ?? 'its server'}${component === undefined ? ' has' : '/ holds'} ${precisions.join(', ')}.`,
    component === undefined
      ? 'Let the server describe a precision "fp32" or "fp16".'
      : `Put the float32 or float16 network beside them as ${component}/model.onnx or model_fp16.onnx.`,
  );
}
