/**
 * What may follow a flag, or be an argument of a command. Names that depend on this machine are read when they are asked
 * for: models, prompt sets, searches and schedules.
 */
import {
  OBJECTIVE_TYPES,
  OPTIMIZER_NAMES,
  PAIR_SCORE_NAMES,
  PRESET_NAMES,
  SCHEDULER_TYPES,
} from '../../contract/names.js';
import { SORTS } from '../text/status-table.js';
import * as here from './here.js';

/** Words that may be completed; none: a file, or anything. */
export type Choices = () => readonly string[];

const these =
  (...words: readonly string[]): Choices =>
  () =>
    words;

const FORMATS = these('table', 'markdown', 'csv');
const SCHEDULES: Choices = () => [
  'identity',
  'ptqd',
  'match',
  'q-sched',
  ...here.searches().map((id) => `search:${id}`),
  ...here.schedules().map((id) => `schedule:${id}`),
];

/** By the key of a flag; `command.key` where a command's flag differs. */
export const FLAG_CHOICES: Readonly<Record<string, Choices>> = {
  model: here.models,
  precision: here.precisions,
  preset: () => PRESET_NAMES,
  scheduler: () => SCHEDULER_TYPES,
  spacing: these('leading', 'trailing', 'linspace'),
  objective: () => OBJECTIVE_TYPES,
  optimizer: () => OPTIMIZER_NAMES,
  racing: these('on', 'off'),
  prior: () => ['auto', 'none', ...here.searches()],
  shape: these('linear', 'single-scale', 'per-step'),
  tune: these('both', 'sample', 'noise'),
  prompts: here.promptSets,
  selectPrompts: here.promptSets,
  confirmPrompts: here.promptSets,
  goal: these('gain', 'repair'),
  start: these('none', 'match'),
  control: these('none', 'evaluate', 'search'),
  device: these('cpu', 'cuda', 'webgpu', 'dml', 'coreml'),
  format: FORMATS,
  'export.format': these('qsched', 'reference'),
  to: these('json', 'diffusers', 'diffusers-config', 'onnx', 'comfyui', 'sd-cpp'),
  arithmetic: these('double', 'float32', 'float16'),
  layout: these('channels', 'packed'),
  'prompts.format': here.promptFormats,
  sort: () => SORTS,
  schedules: SCHEDULES,
  schedule: here.schedules,
  reference: here.precisions,
  candidate: here.precisions,
  candidateModel: here.models,
  'gate.schedule': SCHEDULES,
  'generate.schedule': () => ['identity', ...here.schedules()],
  search: here.searches,
  scorers: () => ['none', ...here.scorers()],
  features: () => ['none', ...here.scorers()],
  which: these('recommended', 'finalist', 'best', 'identity'),
  gamma: these('std', 'regression'),
  bias: these('channel', 'step'),
  pair: here.pairs,
  pairwise: () => PAIR_SCORE_NAMES,
};

/** By command and place of the argument; the last one repeats if the argument does. */
export const ARGUMENT_CHOICES: Readonly<Record<string, readonly Choices[]>> = {
  plan: [here.searches],
  resume: [here.searches],
  cancel: [here.held],
  pause: [here.held],
  unpause: [here.held],
  stop: [here.searches],
  extend: [here.searches],
  enqueue: [here.searches],
  priority: [here.held, these('1', '2', '3', '4', '5')],
  status: [here.held],
  best: [here.searches],
  export: [() => [...here.searches(), ...here.schedules()]],
  'export-optuna': [here.searches],
  report: [here.searches],
  images: [here.searches],
  describe: [here.models],
  surface: [here.searches],
  pareto: [here.searches],
  rank: [here.searches],
  confirm: [here.searches],
  schedule: [these('show', 'add'), here.schedules],
  reproduce: [here.studies],
  init: [here.models],
  prompts: [these('import', 'split', 'check', 'list'), here.promptSets],
  completion: [these('bash', 'zsh', 'fish')],
};
