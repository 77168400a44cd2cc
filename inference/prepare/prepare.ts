/**
 * Resolves a spec on this machine: model, precision, scheduler, scorers, prompts -> fingerprints.
 */
import type { TimestepOptions } from '../../diffusion/definition.js';
import { dynamicShift, fluxSigmas } from '../../diffusion/flow-match-euler.js';
import { configFor } from '../../diffusion/other-sampler.js';
import { createScheduler, type Scheduler } from '../../diffusion/scheduler.js';
import { QschedError } from '../../contract/errors.js';
import type { ContextRecord, PreparedModel, PrepareResult, PromptSplit, Stage } from '../../contract/payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { hashOf } from '../../artefacts/artefact-keys.js';
import { hashFiles } from '../models/file-hashes.js';
import { openModelFolder, readJson, REFERENCE_PRECISION, type ModelFolder } from '../models/model-folder.js';
import type { NumericClass } from '../models/numeric-class.js';
import type { Prompt } from '../prompts/prompt.js';
import { resolveSplit } from '../prompts/prompt-sets.js';
import { refuseTooMuchText } from '../prompts/too-much-text.js';
import { checkScorers, type CheckedScorers } from '../scorers/check-scorers.js';
import { openScorerFolder, scorerFingerprint, usesNouns } from '../scorers/scorer-folder.js';
import { scorerNotes } from '../scorers/scorer-notes.js';

/** `qsched-score-<first 12 of hash(model files, numeric class)>`: who serves it has exactly these. */
export const scoreQueueOf = (files: Readonly<Record<string, string>>, numeric: NumericClass): string =>
  `qsched-score-${hashOf({ files, numeric }).slice(0, 12)}`;

/** The scheduler of a spec, configured from the model folder. @throws QschedError (usage) */
export function schedulerOf(
  model: Pick<ModelFolder, 'schedulerConfig' | 'latentShape'>,
  choice: SearchSpec['scheduler'],
): Scheduler {
  const scheduler = createScheduler(configFor(choice.type, model.schedulerConfig, choice.spacing));
  const flow = choice.type === 'flow-match-euler' ? flowOptions(scheduler, model, choice.steps) : {};
  scheduler.setTimesteps(choice.steps, { eta: choice.eta, ...flow });
  return scheduler;
}

/** What FLUX's pipelines pass: sigmas from 1 to 1/N, and a shift by the number of 2 x 2 packed tokens. */
function flowOptions(
  scheduler: Scheduler,
  { latentShape: [, height, width] }: Pick<ModelFolder, 'latentShape'>,
  steps: number,
): TimestepOptions {
  const {
    use_dynamic_shifting: dynamic,
    base_shift,
    max_shift,
    base_image_seq_len,
    max_image_seq_len,
  } = scheduler.config as Parameters<typeof dynamicShift>[1] & { use_dynamic_shifting: boolean };
  const tokens = Math.floor((height * width) / 4);
  return {
    sigmas: fluxSigmas(steps),
    ...(dynamic ? { mu: dynamicShift(tokens, { base_shift, max_shift, base_image_seq_len, max_image_seq_len }) } : {}),
  };
}

/** What decides the contexts. */
export interface ModelChoice {
  readonly model: string;
  readonly scheduler: SearchSpec['scheduler'];
  readonly scorers: readonly string[];
}

/** What `checkFiles` found: everything of a search that is on this machine. */
export interface CheckedFiles extends CheckedScorers {
  readonly model: ModelFolder;
  readonly splits: Readonly<Record<Stage, PromptSplit>>;
  readonly texts: Readonly<Record<Stage, readonly string[]>>;
  /** The same with their nouns. */
  readonly prompts: Readonly<Record<Stage, readonly Prompt[]>>;
}

/**
 * Checks everything of a spec that this machine's files can show, and nothing more.
 *
 * @throws QschedError (usage): unknown or incomplete model, precision, scorer or prompt set; overlapping splits
 */
export function checkFiles(
  spec: SearchSpec,
  roots: { models?: readonly string[]; prompts?: readonly string[] } = {},
): CheckedFiles {
  const model = openModelFolder(spec.model, spec.precision, roots.models);
  if (spec.control !== 'none') openModelFolder(spec.model, REFERENCE_PRECISION, roots.models);
  schedulerOf(model, spec.scheduler).fused(); // a scheduler that clips has no fused form
  refuseOtherInputs(model);
  const scorers = checkScorers(spec.objective, spec.confirm.scorers, model, roots.models);
  const calibration = resolveSplit(spec.prompts, 'prompts', roots.prompts);
  const select = resolveSplit(spec.select, 'select', roots.prompts);
  const confirm = resolveSplit(spec.confirm, 'confirm', roots.prompts);
  refuseOverlap([
    ['prompts', calibration.texts],
    ['select', select.texts],
    ['confirm', confirm.texts],
  ]);
  refuseTooMuchText({ calibration: calibration.texts, select: select.texts, confirm: confirm.texts });
  return {
    model,
    ...scorers,
    splits: { calibration: calibration.split, select: select.split, confirm: confirm.split },
    texts: { calibration: calibration.texts, select: select.texts, confirm: confirm.texts },
    prompts: { calibration: calibration.prompts, select: select.prompts, confirm: confirm.prompts },
  };
}

/** A UNet that wants more than sample, timestep and text would be fed too little. */
export function refuseOtherInputs({ name, folder }: ModelFolder): void {
  const { time_cond_proj_dim: condition } = readJson(folder, 'unet/config.json') as {
    time_cond_proj_dim?: number | null;
  };
  if (condition === undefined || condition === null) return;
  throw new QschedError(
    'usage',
    `The UNet of "${name}" wants the input timestep_cond (time_cond_proj_dim is ${condition} in its config.json): LCM's embedding of the guidance scale, which qsched does not feed.`,
    'Use a model whose guidance is distilled into its weights, such as an LCM-LoRA or PCM merged into the UNet.',
  );
}

/** Encoders read letters without their case, and any white space as one blank: such texts are one prompt. */
const asRead = (text: string): string => text.trim().toLowerCase().replaceAll(/\s+/g, ' ');

function refuseOverlap(splits: readonly (readonly [string, readonly string[]])[]): void {
  const owner = new Map<string, string>();
  for (const [field, texts] of splits) {
    for (const text of texts) {
      const other = owner.get(asRead(text));
      if (other !== undefined && other !== field) {
        throw new QschedError(
          'usage',
          `${other} and ${field} overlap: both hold "${text}". A verdict needs prompts that the search never saw.`,
          `Give ${other} and ${field} different prompts.`,
        );
      }
      owner.set(asRead(text), field);
    }
  }
}

/** Fingerprints of a model at one precision with its scorers. */
export async function prepareModel(
  spec: ModelChoice,
  precision: string,
  numeric: NumericClass,
): Promise<{ prepared: PreparedModel; contexts: ContextRecord[] }> {
  const model = openModelFolder(spec.model, precision);
  const files = await hashFiles(model.folder, model.files);
  const schedule = schedulerOf(model, spec.scheduler).fused();
  const contexts: ContextRecord[] = [];
  for (const role of spec.scorers) {
    const scorer = openScorerFolder(role, model);
    const provenance = { files, precision, schedule, scorer: await scorerFingerprint(scorer), numeric };
    contexts.push({ id: hashOf(provenance), model: spec.model, precision, scorer: role, provenance });
  }
  return {
    prepared: {
      model: spec.model,
      precision,
      scoreQueue: scoreQueueOf(files, numeric),
      contexts: Object.fromEntries(contexts.map(({ scorer, id }) => [scorer, id])),
    },
    contexts,
  };
}

/** The whole answer of `prepare`. @throws QschedError (usage) */
export async function prepareSearch(spec: SearchSpec, numeric: NumericClass): Promise<PrepareResult> {
  const { splits, texts, prompts, scorers, objective, outside } = checkFiles(spec);
  const choice = { model: spec.model, scheduler: spec.scheduler, scorers: scorers.map(({ role }) => role) };
  const quantised = await prepareModel(choice, spec.precision, numeric);
  const reference = spec.control === 'none' ? null : await prepareModel(choice, REFERENCE_PRECISION, numeric);
  return {
    quantised: quantised.prepared,
    reference: reference?.prepared ?? null,
    contexts: [...quantised.contexts, ...(reference?.contexts ?? [])],
    objective,
    outside,
    notes: scorerNotes(scorers, Object.values(prompts).flat()),
    splits,
    texts,
    nouns: scorers.some(usesNouns) ? nounsOf(prompts) : null,
  };
}

function nounsOf({ calibration, select, confirm }: CheckedFiles['prompts']): PrepareResult['nouns'] {
  const named = (prompts: readonly Prompt[]) => prompts.map(({ nouns }) => nouns);
  return { calibration: named(calibration), select: named(select), confirm: named(confirm) };
}
