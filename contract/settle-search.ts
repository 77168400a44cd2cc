/**
 * A search as a user wrote it, with the defaults of its model in place of what was left out. A spec that is settled already
 * stays as it is.
 */
import { QschedError } from './errors.js';
import { expandGoal } from './goal.js';
import type { Path } from './explain-issues.js';
import { isUndecided, type ModelDefaults, type Undecided } from './model-defaults.js';
import type { SearchSpec } from './search-spec.js';
import { parseSearchSpec } from './validate.js';

/** A group of fields as it was written. */
export type Written = Readonly<Record<string, unknown>>;

/** What a model says of itself. */
export interface SettlingFacts {
  /** The precision that is used if none was given. */
  readonly precision: string;
  /** Absent: those of the bundled model. */
  readonly defaults?: ModelDefaults | undefined;
}

/**
 * @param input a SearchSpec as a user wrote it, which is valid field by field: only `model` is required
 * @throws QschedError (usage): what was written is wrong, or the model leaves open what the user left open
 */
export function settleSearch(
  input: unknown,
  { precision, defaults }: SettlingFacts,
  locate?: (path: Path) => string,
): SearchSpec {
  if (defaults === undefined) return parseSearchSpec(input, locate);
  const written = expandGoal(input as Written);
  const { prompts } = defaults;
  const settled = {
    precision,
    ...written,
    scheduler: settleScheduler(written, defaults),
    objective: settleObjective(written['objective'], defaults),
    prompts: withSet(written['prompts'], prompts.calibration),
    select: withSet(written['select'], prompts.select),
    confirm: { scorers: defaults.scorers, ...withSet(written['confirm'], prompts.heldout) },
  };
  return parseSearchSpec(settled, locate);
}

/** `scheduler` of a search or a row: the model's steps, and its type with the options that go with it. */
export function settleScheduler(written: Written, { scheduler: own }: ModelDefaults): Written {
  const given = groupOf(written['scheduler']);
  if (written['preset'] !== undefined) return given;
  const { type: usual, steps, ...options } = own;
  const type = given['type'] ?? decided(usual);
  const listed = given['timesteps'] !== undefined || given['sigmas'] !== undefined;
  return { ...(type === usual ? options : {}), ...(listed ? {} : { steps }), ...given, type };
}

/** CLIP objectives take the model's scorer; the others name theirs. */
export function settleObjective(written: unknown, { objective: own }: ModelDefaults): Written {
  const given = groupOf(written);
  const weighted = given['weights'] !== undefined;
  const type = given['type'] ?? (weighted ? 'weighted' : own.type);
  const needed = typeof type === 'string' && ['jaq-clip', 'jaq-clip-log', 'iq'].includes(type);
  const scorer = given['scorer'] ?? (isUndecided(own.scorer) && !needed ? undefined : decided(own.scorer));
  return { ...given, ...(scorer === undefined ? {} : { scorer }), type };
}

/** A group of prompts; one that holds texts needs no set. */
export function withSet(written: unknown, set: string): Written {
  const given = groupOf(written);
  return given['texts'] === undefined ? { set, ...given } : given;
}

/** @throws QschedError (usage) for a default that the model leaves open */
function decided<T>(value: T | Undecided): T {
  if (!isUndecided(value)) return value;
  throw new QschedError('usage', value.missing, value.hint);
}

const groupOf = (value: unknown): Written => (value ?? {}) as Written;
