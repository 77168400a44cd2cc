/**
 * An EvaluateSpec from flags and a YAML file. Flags override the file, and the file overrides the defaults.
 */
import { REFERENCE_PRECISION } from '../../inference/models/model-folder.js';
import { QschedError } from '../../contract/errors.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { stepCount } from '../../contract/step-count.js';
import { parseEvaluateSpec, readEvaluateSpec as readWritten } from '../../contract/validate-evaluate.js';
import { listModels } from '../../inference/models/model-roots.js';
import { settleEvaluationHere, settleRowHere } from '../../planning/settle.js';
import { resolveHere } from './check-here.js';
import { flagName, setFields, type Given } from './flag.js';
import { placesOf, type Places } from './flag-places.js';
import { EVALUATE_ROWS, EVALUATE_SPEC } from './flags.js';
import { setPrompts } from './prompt-input.js';
import { readYaml } from './read-yaml.js';
import { nameModel } from './spec-input.js';
import { wholeReference } from './whole-ids.js';
import { isGroup, names, number, size, type Tree } from './values.js';

const FLAGS = { ...EVALUATE_ROWS, ...EVALUATE_SPEC };

/** Flags of `evaluate` that change the spec. */
export type EvaluateSpecFlags = Given<typeof FLAGS>;
type RowFlags = Given<typeof EVALUATE_ROWS>;

/** What was asked for, what of it was omitted, and how messages name the fields. */
export interface EvaluateInput {
  /** Complete; what was left out has the defaults of the models, or of the bundled one if a model is not here. */
  readonly spec: EvaluateSpec;
  /** What the workflow gets: the same, or only what was written if a model is not here, so that a worker completes it. */
  readonly input: unknown;
  readonly notes: readonly string[];
  readonly places: Places;
}

/** Reads, merges and validates. @throws QschedError (usage) with the flag, or with the file, its line and the field */
export function readEvaluateSpec(path: string | undefined, given: EvaluateSpecFlags): EvaluateInput {
  const file = path === undefined ? null : readYaml(path);
  const ofRows = Object.keys(EVALUATE_ROWS).find((key) => given[key as keyof RowFlags] !== undefined);
  if (file !== null && ofRows !== undefined) {
    const flag = flagName(ofRows);
    throw new QschedError(
      'usage',
      `${flag} describes rows, but ${path} contains rows already.`,
      `Remove ${flag}, or the file.`,
    );
  }
  const notes: string[] = [];
  const places = placesOf(FLAGS, given, file);
  const tree: Tree = file === null ? { rows: places.named(() => rowsOf(given, notes)) } : file.data;
  if (Array.isArray(tree['rows'])) tree['rows'].filter(isGroup).forEach((row) => nameModel(row, path));
  setFields(tree, EVALUATE_SPEC, given);
  setPrompts(tree, 'prompts', ['--prompts', given.prompts], ['--count', given.count]);
  const { rows } = places.named(() => readWritten(tree, places.of));
  if (!rows.every(isHere)) {
    return { spec: places.named(() => parseEvaluateSpec(tree, places.of)), input: tree, notes, places };
  }
  const spec = places.named(() => settleEvaluationHere(tree, places.of));
  return { spec, input: spec, notes, places };
}

/** A row as flags describe it, completed if its model is here. */
interface FlagRow extends Tree {
  readonly model: string;
  readonly precision?: string;
  readonly scheduler: { readonly steps?: unknown };
  readonly schedule: string;
}

const isHere = ({ model }: { readonly model: string }): boolean => listModels().includes(model);

/** Every step count with every precision and schedule. */
function rowsOf(given: RowFlags, notes: string[]): Tree[] {
  const { model: models, steps, precision: precisions, schedules = 'identity' } = given;
  if (models === undefined) {
    throw new QschedError(
      'usage',
      'An evaluation needs a model, or a file with rows.',
      'For example: npx qsched evaluate --model shapes --precision fp32,w4a8 --schedules identity,q-sched',
    );
  }
  const listed = (text: string | undefined): (string | undefined)[] => (text === undefined ? [undefined] : names(text));
  const wanted = names(schedules).map(wholeReference);
  const rows = names(models).flatMap((model) =>
    listed(steps).flatMap((step) =>
      listed(precisions).flatMap((precision) =>
        wanted.map((schedule): FlagRow =>
          completed({
            model,
            ...(precision === undefined ? {} : { precision }),
            ...(given.preset === undefined ? {} : { preset: given.preset }),
            ...pipelineOf(given),
            scheduler: schedulerOf(given, step),
            schedule,
          }),
        ),
      ),
    ),
  );
  const kept = rows.filter((row) => {
    const reason = reasonAgainst(row);
    if (reason === null) return true;
    const { model, precision, schedule } = row;
    const { steps } = row.scheduler;
    const long = typeof steps === 'number' ? `, ${stepCount(steps)},` : '';
    notes.push(`${schedule} of ${model} ${precision}${long} is omitted: ${reason}`);
    return false;
  });
  if (kept.length > 0) return kept;
  throw new QschedError(
    'usage',
    `Nothing is left to evaluate: ${notes.join('; ')}.`,
    'Add identity to --schedules, or a quantised precision.',
  );
}

function pipelineOf({ size: pixels, guidance, negativePrompt, sequenceLength }: RowFlags): Tree {
  return {
    ...(pixels === undefined ? {} : { size: size(pixels) }),
    ...(guidance === undefined ? {} : { guidance: number(guidance) }),
    ...(negativePrompt === undefined ? {} : { negativePrompt }),
    ...(sequenceLength === undefined ? {} : { sequenceLength: number(sequenceLength) }),
  };
}

/** With the defaults of its model, which decide whether full precision has such a row. */
function completed(row: FlagRow): FlagRow {
  return isHere(row) ? settleRowHere(row) : row;
}

function schedulerOf({ scheduler, spacing, eta }: RowFlags, steps: string | undefined): Tree {
  return {
    ...(scheduler === undefined ? {} : { type: scheduler }),
    ...(spacing === undefined ? {} : { spacing }),
    ...(eta === undefined ? {} : { eta: number(eta) }),
    ...(steps === undefined ? {} : { steps: number(steps) }),
  };
}

/** Why full precision has no such row; null if it has one. */
function reasonAgainst(row: FlagRow): string | null {
  if (row.precision !== REFERENCE_PRECISION) return null;
  if (row.schedule === 'ptqd') return 'PTQD corrects quantised networks';
  if (row.schedule === 'match') return 'it is what quantised networks are matched with';
  return row.schedule === 'q-sched' && !isSearched(row) ? 'no search of it has finished' : null;
}

/** Whether the database here has a finished search of a row's network. */
function isSearched(row: Tree): boolean {
  try {
    resolveHere(parseEvaluateSpec({ rows: [row] }));
    return true;
  } catch (error) {
    if (error instanceof QschedError && error.code === 'usage') return false;
    throw error;
  }
}
