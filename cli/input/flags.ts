/**
 * Every flag of the command line, in groups that commands share.
 */
import { OBJECTIVE_TYPES, OPTIMIZER_NAMES, SCHEDULER_TYPES } from '../../contract/names.js';
import { PROMPT_FORMATS } from '../../inference/prompts/prompt-formats.js';
import { sets, switches, takes } from './flag.js';
import { margins } from './margins.js';
import { thresholds } from './thresholds.js';
import { list, nameOrNull, number, numbers, size, weights } from './values.js';

/** Every command has these. */
export const COMMON = {
  json: switches('print one JSON document to stdout'),
  debug: switches('show stack traces'),
};

/** A network with its scheduler. */
export const NETWORK = {
  model: sets('model', '<name|folder>', 'a model by name (see qsched models), or the path of its folder', {
    example: 'shapes',
  }),
  precision: sets('precision', '<name>', 'fp32, w8a8, w4a8, ... (default: by the model)'),
  preset: sets('preset', '<name>', 'how a published few-step model is sampled: lcm, sdxl-turbo, flux.1-schnell, ...'),
  size: sets('size', '<pixels>', "size of the images: 512, or 768x1024 as height x width (default: the model's own)", {
    read: size,
    example: '512',
  }),
  guidance: sets('guidance', '<x>', "guidance scale (default: the model's own; few-step models have none)", {
    read: number,
    example: '7.5',
  }),
  negativePrompt: sets('negativePrompt', '<text>', 'what classifier-free guidance leads away from'),
  sequenceLength: sets('sequenceLength', '<n>', "tokens per text of a T5 encoder (default: the model's own)", {
    read: number,
    example: '256',
  }),
  scheduler: sets('scheduler.type', '<name>', `${SCHEDULER_TYPES.join(', ')} (default: by the model)`),
  spacing: sets(
    'scheduler.spacing',
    '<name>',
    'leading, trailing or linspace (ddim, euler, euler-ancestral, flow-match-*)',
  ),
  steps: sets('scheduler.steps', '<n>', 'number of steps, 1 to 50 (default: by the model)', { read: number }),
  eta: sets('scheduler.eta', '<x>', 'stochasticity of the sampler, 0 to 1 (default 0)', { read: number }),
};

/** What is optimised. */
export const OBJECTIVE = {
  objective: sets(
    'objective.type',
    '<name>',
    `${OBJECTIVE_TYPES.join(', ')} (default jaq-clip; iq for a model without text)`,
  ),
  weights: sets(
    'objective.weights',
    '<list>',
    'use a weighted sum of scores, for example clip-score-hessel=1,clip-iqa.noisiness=2',
    { read: weights },
  ),
  k: sets('objective.k', '<x>', 'weight of image quality in the objective (default 2)', { read: number, example: '2' }),
};

const budget = sets(
  'optimizer.budget',
  '<n>',
  'number of candidates besides the baseline (default 8 per number that is searched; 200 without auto and gp)',
  {
    read: number,
  },
);

/** Which coefficients are searched, and how. */
const OPTIMIZER = {
  optimizer: sets('optimizer.type', '<name>', `${OPTIMIZER_NAMES.join(', ')} (default auto)`),
  budget,
  gridPoints: sets('optimizer.gridPoints', '<n>', 'grid only: points per dimension', { read: number, example: '11' }),
  batch: sets('optimizer.batch', '<n>', "candidates per generation (default: the optimizer's own choice)", {
    read: number,
    example: '8',
  }),
  seed: sets('optimizer.seed', '<n>', 'seed of the optimizer (default 0)', { read: number }),
  racing: takes(
    '<on|off>',
    'drop candidates that are clearly worse before they have all images (default on; off for the grid)',
    {
      fields: ['racing'],
    },
  ),
  racingBlock: takes(
    '<n>',
    'images per candidate before the first comparison of a race (default: what fills network calls, at least 4)',
    {
      fields: ['racing.block'],
    },
  ),
  prior: sets(
    'prior',
    '<search>',
    'earlier search to start from; none; or auto (default): one of the same model at another precision, if there is one (auto, gp)',
  ),
  shape: sets('coefficients.shape', '<name>', 'linear, single-scale or per-step (default linear)'),
  tune: sets('coefficients.tune', '<name>', 'both, sample or noise (default both)'),
  range: sets('coefficients.range', '<low,high>', 'range of every coefficient (default 0.8,1.2)', {
    read: numbers,
    example: '0.8,1.2',
  }),
};

/** A prompt set or a file, and how many prompts of it. */
const prompts = (group: string, help: string) =>
  takes('<set|file>', `${help}: a prompt set, or a file (text, JSON, JSON lines, YAML, CSV or TSV)`, {
    fields: [`${group}.set`, `${group}.texts`],
  });
const count = (group: string, help: string) => takes('<n>', help, { fields: [`${group}.count`] });
const noiseSeed = sets('prompts.seeds', '<list>', 'seeds of the images per prompt, for example 0,1', {
  read: numbers,
  example: '0,1',
});

/** Prompts that a search or a fit uses. */
const CALIBRATION = {
  prompts: prompts('prompts', 'calibration prompts'),
  count: count('prompts', 'number of calibration prompts (default 20, or every prompt in a file)'),
  noiseSeed,
};

/** Held-out prompts of a verdict. */
export const HELD_OUT = {
  confirmPrompts: prompts('confirm', 'held-out prompts of the verdict'),
  confirmCount: count('confirm', 'number of held-out prompts (default 128, or every prompt in a file)'),
};

const networkBatchHelp = "rows per network call (default: by the model's size); changes the numeric class";

/** The scoring processes that a command starts. */
export const WORKERS = {
  workers: takes('<n>', 'scoring processes to start (default: one per core for small models, else 1)'),
  device: takes(
    '<name>',
    'where scoring processes run networks: cpu, cuda, cuda:1, webgpu, dml or coreml (default cpu)',
    {
      alias: '--provider',
    },
  ),
  networkBatch: takes('<n>', networkBatchHelp),
  allowServer: switches("start the model server that a named model's folder has a command for (docs/model-servers.md)"),
};

/** The live page of what a command starts. */
export const LIVE = {
  noLive: switches('serve no live page'),
  livePort: takes('<port>', 'port of the live page (default: the last one, else 8234, else a free one)'),
};

/** How a command runs its workflow. */
export const RUN = { ...WORKERS, ...LIVE, wait: switches('wait for workers instead of failing if there are none') };

const again = switches('run it again, though a search of this spec has finished');

const FAIL_WITHOUT_GAIN = {
  failWithoutGain: switches('exit with code 3 unless calibrated coefficients are recommended'),
};

/** How a table is written. */
const TABLE = {
  format: takes('<name>', 'table (default), markdown or csv'),
  output: takes('<file>', 'write to a file instead of stdout'),
};

const serveModel = takes('<name|folder>', 'serve this model (repeatable; default: all)', { repeatable: true as const });

export const UP = {
  model: serveModel,
  ...WORKERS,
  ...LIVE,
  networkBatch: takes('<n>', networkBatchHelp, { alias: '--batch' }),
};

export const WORKER = {
  model: serveModel,
  device: WORKERS.device,
  networkBatch: UP.networkBatch,
  allowServer: WORKERS.allowServer,
  threads: takes('<n>', 'threads of ONNX Runtime (default: one per core, at most 16)'),
};

/** Flags of `search` that change its spec. */
export const SEARCH_SPEC = {
  ...NETWORK,
  ...OBJECTIVE,
  k: {
    ...OBJECTIVE.k,
    help: 'weight of image quality in the objective, or auto: text and quality vary equally over the first candidates (default 2)',
  },
  atLeast: sets(
    'objective.atLeast',
    '<list>',
    'least gains over the baseline that the best candidate needs, for example text=-0.002',
    { read: thresholds, example: 'text=-0.002' },
  ),
  ...OPTIMIZER,
  ...CALIBRATION,
  selectPrompts: prompts('select', 'prompts that choose the finalist among the best candidates'),
  selectCount: count('select', 'number of these prompts (default 64, or every prompt in a file)'),
  finalists: sets('select.finalists', '<n>', 'number of the best candidates to score on them (default 5)', {
    read: number,
  }),
  ...HELD_OUT,
  goal: sets('objective.goal', '<name>', 'gain (default), or repair: what of it full precision does not gain'),
  start: sets('start', '<name>', 'none (default), or match: ask the least-squares match first (auto, gp, cma-es)'),
  control: sets('control', '<name>', 'none, evaluate or search: full precision for comparison'),
};

export const SEARCH = {
  ...SEARCH_SPEC,
  id: takes('<name>', 'id of the search (default: made from the spec, so that the same spec has the same id)'),
  again,
  ...RUN,
  ...FAIL_WITHOUT_GAIN,
};

export const PLAN = {
  ...SEARCH_SPEC,
  ...WORKERS,
  measure: switches('measure the speed on a few batches instead of taking it from stored searches'),
};

export const RESUME = {
  retryFailed: switches('retry candidates that are stored as failed'),
  budget: { ...budget, help: 'extend the search to this number of candidates' },
  again: { ...again, help: 'run a finished search again' },
  ...RUN,
  ...FAIL_WITHOUT_GAIN,
};

export const EXTEND = { budget: takes('<n>', 'the new number of candidates besides the baseline, all in all') };

export const ENQUEUE = {
  sample: takes(
    '<list>',
    'the values of c^x that the search varies: 0.95,1 is start and end (linear), or one per step',
  ),
  noise: takes('<list>', 'the same for c^eps'),
  coefficients: takes('<file>', 'instead: JSON with c^x and c^eps of every step, as export writes it'),
};

/** Flags of `evaluate` that make rows. */
export const EVALUATE_ROWS = {
  ...NETWORK,
  model: { ...NETWORK.model, value: '<list>', help: 'models by name or path' },
  precision: { ...NETWORK.precision, value: '<list>', help: 'for example fp32,w4a8 (default: by the model)' },
  steps: { ...NETWORK.steps, value: '<list>', help: 'for example 2,4,8 (default: by the model)' },
  schedules: sets(
    'schedule',
    '<list>',
    'identity (the baseline, default), ptqd, match, q-sched, search:<id>, schedule:<id>',
    {
      example: 'identity,q-sched',
    },
  ),
};

/** Flags of `evaluate` that say how its rows are evaluated. */
export const EVALUATE_SPEC = {
  prompts: prompts('prompts', 'prompts (default: by the model)'),
  count: count('prompts', 'number of prompts (default 1000, or every prompt in a file)'),
  noiseSeed,
  ...OBJECTIVE,
  scorers: sets('scorers', '<list>', "scorers besides the objective's, or none (default: by the model)", {
    read: list,
    example: 'second',
  }),
  features: sets(
    'features',
    '<name>',
    'scorer whose features give the Frechet distance, or none (default: by the model)',
    {
      read: nameOrNull,
      example: 'second',
    },
  ),
  pairwise: sets(
    'pairwise',
    '<list>',
    'compare images with those of fp32: psnr, ssim, lpips, dinov2, clip-image (default: none)',
    { read: list, example: 'psnr,ssim,lpips' },
  ),
  retryFailed: switches('generate and score images again that are stored as failed', { path: 'retryFailed' }),
};

export const EVALUATE = {
  ...EVALUATE_ROWS,
  ...EVALUATE_SPEC,
  format: TABLE.format,
  output: takes('<file>', 'write the table to a .md, .csv or .json file'),
  ...RUN,
};

/** Flags of `gate` that describe its two sides. */
export const GATE_SIDES = {
  ...(Object.fromEntries(Object.entries(NETWORK).filter(([key]) => key !== 'precision')) as Omit<
    typeof NETWORK,
    'precision'
  >),
  model: {
    ...NETWORK.model,
    help: 'the model of both sides, by name or path; of folders: whose scorers look at the images',
  },
  reference: takes('<precision|folder>', 'what is compared with: a precision (default fp32), or a folder of images', {
    fields: ['reference.precision', 'reference.images'],
  }),
  candidate: takes(
    '<precision|folder>',
    'what is to be as good: a precision (default: by the model), or a folder of images',
    {
      fields: ['candidate.precision', 'candidate.images'],
    },
  ),
  candidateModel: takes('<name|folder>', 'another model as the candidate: a checkpoint, or a served model'),
  schedule: takes('<name>', 'schedule of the candidate: q-sched, match, ptqd, search:<id> or schedule:<id>', {
    fields: ['candidate.schedule'],
  }),
  spreadImages: takes('<folder>', "of folders: the reference's images of other seeds, which measure its spread", {
    fields: ['reference.spread'],
  }),
};

/** Flags of `gate` that say how its sides are compared. */
export const GATE_SPEC = {
  prompts: prompts('prompts', 'prompts (default: by the model)'),
  count: count('prompts', 'most prompts (default 1000): the power calculation decides how many are used'),
  noiseSeed: { ...noiseSeed, help: 'seeds of the images per prompt (default 3000,3001)' },
  ...OBJECTIVE,
  scores: sets(
    'scores',
    '<list>',
    'objective, scorers by name, and psnr, ssim, lpips, dinov2, clip-image against the reference (default: by the model)',
    { read: list, example: 'objective,second' },
  ),
  margin: sets('margins', '<list>', "absolute margins in the scores' own units, for example lpips=0.1", {
    read: margins,
    example: 'lpips=0.1',
  }),
  spread: sets('spread', '<x>', 'margin of the other scores, in standard deviations between seeds (default 0.1)', {
    read: number,
    example: '0.1',
  }),
  power: sets('power', '<x>', 'probability to pass where both are equally good (default 0.9)', {
    read: number,
    example: '0.9',
  }),
  alpha: sets('alpha', '<x>', 'one-sided level of the bounds (default 0.025)', { read: number, example: '0.025' }),
  looks: sets('looks', '<n>', 'looks that are planned; a clear case ends at an early one (default 4)', {
    read: number,
    example: '4',
  }),
  allowIdentical: switches('let reference and candidate be the same', { path: 'allowIdentical' }),
  retryFailed: switches('generate and score images again that are stored as failed', { path: 'retryFailed' }),
};

export const GATE = {
  ...GATE_SIDES,
  ...GATE_SPEC,
  junit: takes('<file>', 'write a JUnit report: a test case per score'),
  markdown: takes('<file>', 'write the table as Markdown, for a pull request'),
  calibrate: switches(
    'where the candidate fails: search its coefficients on other prompts, and run the gate again with them on fresh ones',
  ),
  budget: takes('<n>', 'with --calibrate: candidates of the search'),
  baseline: takes('<file>', "a record of the reference's scores: only the candidate is rendered"),
  writeBaseline: takes('<file>', "write the record of the reference's scores, for --baseline"),
  ...RUN,
};

/** Flags of `confirm` that say what is evaluated. */
export const CONFIRM_SPEC = {
  prompts: prompts('prompts', "held-out prompts (default: the search's own)"),
  count: count('prompts', 'number of held-out prompts'),
  noiseSeed: { ...noiseSeed, help: 'seeds (default: new ones)' },
  scorers: { ...EVALUATE_SPEC.scorers, help: "scorers besides the objective's, or none (default: the search's own)" },
};

export const CONFIRM = { ...CONFIRM_SPEC, ...RUN, ...FAIL_WITHOUT_GAIN };

export const MATCH = { ...NETWORK, ...CALIBRATION, ...RUN };

export const PTQD = {
  ...NETWORK,
  gamma: takes('<name>', 'std (default) or regression'),
  bias: takes('<name>', 'channel (one bias per channel, default) or step (one per step)'),
  ...CALIBRATION,
  ...RUN,
};

/** Flags of `reproduce`; which of them apply depends on what is reproduced. */
export const REPRODUCE = {
  ...PTQD,
  count: count('prompts', 'tables and figures: prompts per row (default 2000); ptqd: number of calibration prompts'),
  budget: { ...budget, help: 'tables and figures: candidates per search' },
  ...TABLE,
  schedule: takes('<id>', "ptqd: the stored schedule to compare with (default: the latest search's)"),
  ...HELD_OUT,
  repeats: takes('<n>', 'overhead: images with and without coefficients (default 100)'),
};

export const EXPORT = {
  to: takes('<name>', 'json (default), diffusers, diffusers-config, onnx, comfyui or sd-cpp'),
  output: takes('<path>', 'file or folder to write to (default: stdout for json, else the current folder)'),
  which: takes('<name>', 'recommended (default), finalist, best or identity (the baseline)'),
  format: takes('<name>', "qsched (default), or reference: the fields of the reference's best_rank_config"),
  arithmetic: takes('<name>', 'onnx: double (default, bit-equal), float32 or float16'),
  layout: takes('<name>', "onnx: latents of (B, C, h, w), channels, or of patches, packed (default: the model's)"),
};

export const EXPORT_OPTUNA = { output: takes('<path>', 'file to write to (default: <search>.journal)') };

export const CHECK = {
  model: takes('<name|folder>', 'the model to compare with (default: the one that the file names)'),
  precision: takes('<name>', 'its precision (default: the one that fits best)'),
};

export const SCHEDULE = {
  model: takes('<name>', 'model whose scheduler_config.json applies (default: the one that the file names)'),
};

/** Commands that print one table. */
export const LOOK = { format: TABLE.format };

export const STATUS = {
  ...LOOK,
  sort: takes('<name>', 'date (the latest first, default), gain, best, time, status, model or search'),
};

/** A constraint on what is stored. */
const atLeast = takes(
  '<list>',
  'only candidates whose gain over the baseline is at least so much, for example text=-0.002',
);

export const RANK = {
  k: takes('<list>', 'values of k to rank at (default 0.5,1,2,5)'),
  pair: takes('<name>', 'use another CLIP-IQA pair as image quality: noisiness, sharpness, ...'),
  top: takes('<n>', 'show the best n candidates at every k (default 1)'),
  atLeast,
};

export const PARETO = {
  scores: takes('<list>', 'two scores, for example clip-score,clip-iqa.warm:higher (default text,quality)'),
  atLeast,
  ...LOOK,
};

export const REPORT = {
  output: takes('<file>', 'the HTML file to write (default: qsched-report-ID.html in the working folder)'),
  open: switches('open the report in a browser'),
};

export const IMAGES = {
  output: takes('<folder>', 'where to write them (default: the name of the search with -images)'),
  overwrite: switches('write into a folder that has files in it'),
};

export const SCORES = { model: takes('<name>', 'model whose qsched.json names scorers (default shapes)') };

/** One prompt, in this process. */
export const GENERATE = {
  prompt: takes('<text>', 'what the image shows'),
  ...NETWORK,
  search: takes('<id>', 'use the finalist of this search'),
  schedule: takes('<id|file>', 'use a stored schedule, a schedule file, or identity (the baseline, default)'),
  seed: takes('<list>', 'seeds of the images, for example 0,1 (default 0)'),
  output: takes('<file>', 'the PNG file (default: named by the prompt)'),
  device: WORKERS.device,
  allowServer: WORKERS.allowServer,
};

export const INIT = {
  precision: NETWORK.precision,
  output: takes('<file>', 'where to write the spec (default: the name of the model, with .yaml)'),
  force: switches('overwrite the file'),
};

export const DESCRIBE = { allowServer: WORKERS.allowServer };

export const MODELS = { quick: switches('with --json: leave out sha256, for which every file is read') };

/** Flags of `prompts`; which of them apply depends on the action. */
export const PROMPTS = {
  name: takes('<name>', "name of the new set (import: default the file's own; split: start of the three names)"),
  format: takes('<name>', `import: ${PROMPT_FORMATS.join(', ')} (default: by name and content)`),
  count: takes('<n>', 'import: a random sample of so many prompts (default: all)'),
  seed: takes('<n>', 'seed of the sample or the split (default 0)'),
  license: takes('<text>', "import: licence to note in the set (default: the file's own)"),
  calibration: takes('<n>', 'split: number of calibration prompts (default 64)'),
  select: takes('<n>', 'split: number of selection prompts (default 128)'),
  heldout: takes('<n>', 'split: number of held-out prompts (default: all others)'),
  model: takes('<name>', 'check: report captions that are longer than what this model reads'),
};

export const DOCTOR = {
  workflow: takes('<id>', 'say why a workflow does not go on: a queue that nobody serves, an unknown type'),
  model: takes('<name>', 'show the plan of memory of a model'),
  precision: takes('<name>', "with --model: the network's precision (default: each of them)"),
  size: takes('<pixels>', "with --model: size of the images, 512 or 768x1024 (default: the model's own)"),
  device: takes('<device>', 'with --model: cpu, cuda, cuda:1, webgpu, dml or coreml (default cpu)'),
  networkBatch: takes('<rows>', 'with --model: rows per network call'),
};

export const CLEAN = {
  maxBytes: takes('<size>', 'keep at most this much, for example 10GB or 500MB'),
  dryRun: switches('only show how much would be removed'),
};
