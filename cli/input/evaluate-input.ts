/**
 * An EvaluateSpec from a YAML file and flags: flag > file > default.
 */
import { REFERENCE_PRECISION } from '../../inference/models/model-folder.js';
import { QschedError } from '../../contract/errors.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { resolveHere } from './check-references.js';
import { setPrompts } from './prompt-input.js';
import { readYaml } from './read-yaml.js';
import { placeOf } from './spec-input.js';
import { groupAt, number, numbers, weights, type Tree } from './values.js';

/** Flags of `evaluate` that change the spec. */
export interface EvaluateSpecFlags {
  readonly model?: string;
  readonly precision?: string;
  readonly scheduler?: string;
  readonly spacing?: string;
  readonly steps?: string;
  readonly eta?: string;
  readonly schedules?: string;
  readonly prompts?: string;
  readonly count?: string;
  readonly noiseSeed?: string;
  readonly objective?: string;
  readonly k?: string;
  readonly weights?: string;
  readonly scorers?: string;
  readonly features?: string;
  readonly retryFailed?: boolean;
}

/** Flags that make rows; a file has its own. */
const ROW_FLAGS = ['model', 'precision', 'scheduler', 'spacing', 'steps', 'eta', 'schedules'] as const;

/** Which flag sets what of a row. */
const ROW_PATHS = {
  model: 'model',
  precision: 'precision',
  schedule: 'schedules',
  'scheduler.type': 'scheduler',
  'scheduler.spacing': 'spacing',
  'scheduler.steps': 'steps',
  'scheduler.eta': 'eta',
};

/** What was asked for, and what of it was left out. */
export interface EvaluateInput {
  readonly spec: EvaluateSpec;
  readonly notes: readonly string[];
}

/** Reads, merges and validates. @throws QschedError (usage) naming file, line and field */
export function readEvaluateSpec(path: string | undefined, flags: EvaluateSpecFlags): EvaluateInput {
  const file = path === undefined ? null : readYaml(path);
  const own = ROW_FLAGS.find((flag) => flags[flag] !== undefined);
  if (file !== null && own !== undefined) {
    throw new QschedError('usage', `--${own} makes rows, and ${path} has its own.`, `Leave --${own} out, or the file.`);
  }
  const notes: string[] = [];
  const tree: Tree = file === null ? { rows: rowsOf(flags, notes) } : file.data;
  const flagged = applyFlags(tree, flags);
  for (let i = 0; file === null && i < (tree['rows'] as Tree[]).length; i += 1) {
    for (const [key, flag] of Object.entries(ROW_PATHS)) flagged.set(`rows.${i}.${key}`, flag);
  }
  return { spec: parseEvaluateSpec(tree, (where) => placeOf(where, flagged, file)), notes };
}

const listOf = (text: string): string[] => text.split(',').map((part) => part.trim());

/** A row as flags make it. */
interface FlagRow extends Tree {
  readonly model: string;
  readonly precision: string;
  readonly scheduler: Tree;
  readonly schedule: string;
}

/** Every step count with every precision and schedule. */
function rowsOf(flags: EvaluateSpecFlags, notes: string[]): Tree[] {
  const { model: models, steps = '4', precision: precisions = 'w4a8', schedules = 'identity' } = flags;
  if (models === undefined) {
    throw new QschedError(
      'usage',
      'An evaluation needs a model, or a file with rows.',
      'For example: npx qsched evaluate --model shapes --precision fp32,w4a8 --schedules identity,q-sched',
    );
  }
  const rows = listOf(models).flatMap((model) =>
    listOf(steps).flatMap((step) =>
      listOf(precisions).flatMap((precision) =>
        listOf(schedules).map((schedule): FlagRow => {
          return { model, precision, scheduler: schedulerOf(flags, step), schedule };
        }),
      ),
    ),
  );
  const kept = rows.filter((row) => {
    const reason = reasonAgainst(row);
    if (reason === null) return true;
    const { model, precision, scheduler, schedule } = row;
    notes.push(`${schedule} of ${model} ${precision}, ${String(scheduler['steps'])} steps, is left out: ${reason}`);
    return false;
  });
  if (kept.length > 0) return kept;
  throw new QschedError(
    'usage',
    `Nothing is left to evaluate: ${notes.join('; ')}.`,
    'Add identity to --schedules, or a quantised precision.',
  );
}

function schedulerOf({ scheduler, spacing, eta }: EvaluateSpecFlags, steps: string): Tree {
  return {
    ...(scheduler === undefined ? {} : { type: scheduler }),
    ...(spacing === undefined ? {} : { spacing }),
    ...(eta === undefined ? {} : { eta: number(eta) }),
    steps: number(steps),
  };
}

/** Why full precision has no such row; null where it has. */
function reasonAgainst(row: FlagRow): string | null {
  if (row.precision !== REFERENCE_PRECISION) return null;
  if (row.schedule === 'ptqd') return 'PTQD corrects quantised networks';
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

/** Sets the flags in the tree; returns the flag's name by the path it set. */
function applyFlags(tree: Tree, flags: EvaluateSpecFlags): Map<string, string> {
  const flagged = new Map<string, string>();
  const set = (flag: string, group: string, key: string, value: unknown): void => {
    if (value === undefined) return;
    groupAt(tree, group)[key] = value;
    flagged.set(`${group}.${key}`, flag);
  };
  const list = (flag: string, text: string | undefined, none: unknown, some: unknown): void => {
    if (text === undefined) return;
    tree[flag] = text === 'none' ? none : some;
    flagged.set(flag, flag);
  };
  setPrompts(tree, 'prompts', flagged, ['prompts', flags.prompts], ['count', flags.count]);
  set('noise-seed', 'prompts', 'seeds', numbers(flags.noiseSeed));
  set('objective', 'objective', 'type', flags.objective);
  set('k', 'objective', 'k', number(flags.k));
  set('weights', 'objective', 'weights', flags.weights === undefined ? undefined : weights(flags.weights));
  list(
    'scorers',
    flags.scorers,
    [],
    flags.scorers?.split(',').map((one) => one.trim()),
  );
  list('features', flags.features, null, flags.features);
  if (flags.retryFailed === true) tree['retryFailed'] = true;
  return flagged;
}
