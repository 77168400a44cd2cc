/**
 * An EvaluateSpec from a YAML file and flags: flag > file > default.
 */
import { existsSync } from 'node:fs';
import { resolveSchedules } from '../../db/resolve-schedules.js';
import { REFERENCE_PRECISION } from '../../inference/models/model-folder.js';
import { QschedError } from '../../spec/errors.js';
import type { EvaluateSpec } from '../../spec/evaluate-spec.js';
import { parseEvaluateSpec } from '../../spec/validate-evaluate.js';
import { databasePath } from '../house/house.js';
import { number, readPrompts, readYaml, weights } from './spec-input.js';
import { withCurrentStore } from './stored-search.js';

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

type Tree = { [key: string]: unknown };

/** What was asked for, and what of it was left out. */
export interface EvaluateInput { readonly spec: EvaluateSpec; readonly notes: readonly string[] }

/** Reads, merges and validates. @throws QschedError (usage) naming file, line and field */
export function readEvaluateSpec(path: string | undefined, flags: EvaluateSpecFlags): EvaluateInput {
  const file = path === undefined ? null : readYaml(path);
  const flagged = ROW_FLAGS.find((flag) => flags[flag] !== undefined);
  if (file !== null && flagged !== undefined) throw new QschedError('usage', `--${flagged} makes rows, and ${path} has its own.`, `Leave --${flagged} out, or the file.`);
  const notes: string[] = [];
  const tree: Tree = file === null ? { rows: rowsOf(flags, notes) } : structuredClone(file.data);
  applyFlags(tree, flags);
  return { spec: parseEvaluateSpec(tree, (where) => (file === null ? '' : `${path}${file.lineOf(where)}: `)), notes };
}

/** Every step count with every precision and schedule. */
function rowsOf(flags: EvaluateSpecFlags, notes: string[]): Tree[] {
  if (flags.model === undefined) throw new QschedError('usage', 'An evaluation needs a model, or a file with rows.', 'For example: npx qsched evaluate --model shapes --precision fp32,w4a8 --schedules identity,q-sched');
  const list = (text: string | undefined, otherwise: string): string[] => (text ?? otherwise).split(',').map((part) => part.trim());
  const rows: Tree[] = [];
  for (const model of list(flags.model, '')) {
    for (const steps of list(flags.steps, '4')) {
      for (const precision of list(flags.precision, 'w4a8')) {
        const scheduler = { ...(flags.scheduler === undefined ? {} : { type: flags.scheduler }), ...(flags.spacing === undefined ? {} : { spacing: flags.spacing }), ...(flags.eta === undefined ? {} : { eta: number(flags.eta) }), steps: number(steps) };
        for (const schedule of list(flags.schedules, 'identity')) {
          const row = { model, precision, scheduler, schedule };
          if (precision === REFERENCE_PRECISION && (schedule === 'ptqd' || schedule === 'q-sched') && !(schedule === 'q-sched' && isSearched(row))) notes.push(`${schedule} of ${model} ${precision}, ${steps} steps, is left out: ${schedule === 'ptqd' ? 'PTQD corrects quantised networks' : 'no search of it has finished'}`);
          else rows.push(row);
        }
      }
    }
  }
  if (rows.length === 0) throw new QschedError('usage', `Nothing is left to evaluate: ${notes.join('; ')}.`, 'Add identity to --schedules, or a quantised precision.');
  return rows;
}

/** Whether the database here has a finished search of a row's network. */
function isSearched(row: Tree): boolean {
  if (!existsSync(databasePath())) return false;
  try {
    const spec = parseEvaluateSpec({ rows: [row] });
    withCurrentStore((store) => resolveSchedules(store, spec));
    return true;
  } catch (error) {
    if (error instanceof QschedError && error.code === 'usage') return false;
    throw error;
  }
}

function applyFlags(tree: Tree, flags: EvaluateSpecFlags): void {
  const group = (key: string): Tree => (tree[key] ??= {}) as Tree;
  if (flags.prompts !== undefined) {
    if (/[/.\\]/.test(flags.prompts)) group('prompts')['texts'] = readPrompts(flags.prompts, 'prompts');
    else {
      group('prompts')['set'] = flags.prompts;
      delete group('prompts')['texts'];
    }
  }
  if (flags.count !== undefined) group('prompts')['count'] = number(flags.count);
  if (flags.noiseSeed !== undefined) group('prompts')['seeds'] = flags.noiseSeed.split(',').map(number);
  if (flags.objective !== undefined) group('objective')['type'] = flags.objective;
  if (flags.k !== undefined) group('objective')['k'] = number(flags.k);
  if (flags.weights !== undefined) group('objective')['weights'] = weights(flags.weights);
  if (flags.scorers !== undefined) tree['scorers'] = flags.scorers === 'none' ? [] : flags.scorers.split(',');
  if (flags.retryFailed === true) tree['retryFailed'] = true;
  if (flags.features !== undefined) tree['features'] = flags.features === 'none' ? null : flags.features;
}
