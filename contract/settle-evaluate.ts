/**
 * An evaluation as a user wrote it, with the defaults of its rows' models in place of what was left out. Prompts, objective
 * and scorers are those of the first row's model.
 */
import type { EvaluateSpec } from './evaluate-spec.js';
import type { Path } from './explain-issues.js';
import { settleObjective, settleScheduler, withSet, type SettlingFacts, type Written } from './settle-search.js';
import { parseEvaluateSpec } from './validate-evaluate.js';

/** A row's network as it was written; `default` where no precision was. */
export interface WrittenNetwork {
  readonly model: string;
  readonly precision: string;
}

/** The network of every row, in order. @param input an EvaluateSpec as a user wrote it, which is valid */
export const writtenNetworks = (input: unknown): WrittenNetwork[] =>
  rowsOf(input).map((row) => ({
    model: row['model'] as string,
    precision: (row['precision'] as string | undefined) ?? 'default',
  }));

/**
 * @param facts what the network of every row says of itself, in order
 * @throws QschedError (usage): what was written is wrong, or a model leaves open what the user left open
 */
export function settleEvaluation(
  input: unknown,
  facts: readonly SettlingFacts[],
  locate?: (path: Path) => string,
): EvaluateSpec {
  const written = input as Written;
  const rows = rowsOf(input).map((row, i) => settleRow(row, facts[i]!));
  const defaults = facts[0]?.defaults;
  if (defaults === undefined) return parseEvaluateSpec(input, locate);
  const { scorers, features, prompts } = defaults;
  const { set, ...group } = withSet(written['prompts'], prompts.eval);
  const own = set === prompts.eval && prompts.evalCount !== undefined ? { count: prompts.evalCount } : {};
  return parseEvaluateSpec(
    {
      scorers,
      features,
      ...written,
      rows,
      prompts: { ...own, ...(set === undefined ? {} : { set }), ...group },
      objective: settleObjective(written['objective'], defaults),
    },
    locate,
  );
}

/** A row as it was written, with its model's precision and scheduler. @throws QschedError (usage) as `settleEvaluation` */
export const settleRow = <R extends object>(row: R, { precision, defaults }: SettlingFacts): R =>
  defaults === undefined ? row : { precision, ...row, scheduler: settleScheduler(row as Written, defaults) };

const rowsOf = (input: unknown): readonly Written[] => (input as { rows: readonly Written[] }).rows;
