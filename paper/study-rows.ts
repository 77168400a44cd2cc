/**
 * From evaluated rows to the rows of a study: the plan's labels and columns beside what was measured.
 */
import type { EvaluatedRow, EvaluateResult } from '../contract/evaluate-spec.js';
import { QschedError } from '../contract/errors.js';
import type { StudyRow } from '../contract/study-spec.js';
import type { StudyPlan } from './study-plan.js';

/**
 * @param evaluated one row per planned row, in the same order
 * @param references the evaluation's name of every fit and search by key
 * @throws QschedError (failure) if the evaluation has a different number of rows
 */
export function studyRows(
  { rows }: StudyPlan,
  { rows: evaluated, objective }: EvaluateResult,
  references: Readonly<Record<string, string>>,
): StudyRow[] {
  if (evaluated.length !== rows.length) {
    throw new QschedError(
      'failure',
      `The evaluation has ${evaluated.length} rows, but the study planned ${rows.length}.`,
      'Run the command again.',
    );
  }
  return rows.map(({ label, schedule, columns }, i): StudyRow => {
    const { schedule: _, ...measured } = evaluated[i]!;
    const { model, scheduler, steps, precision, eta, ...rest } = measured;
    const source = 'from' in schedule ? references[schedule.from]!.replace(/^[a-z]+:/, '') : null;
    return {
      ...columns,
      model,
      scheduler,
      steps,
      precision,
      schedule: schedule.kind,
      label,
      eta,
      ...gainOf(evaluated[i]!, objective.scorer),
      ...rest,
      source,
    };
  });
}

/** The gain in the objective's own scorer, with its interval. */
function gainOf({ gains }: EvaluatedRow, scorer: string): Pick<StudyRow, 'gain' | 'gainLow' | 'gainHigh'> {
  const found = gains.find((one) => one.scorer === scorer) ?? gains[0];
  if (found === undefined) return { gain: null, gainLow: null, gainHigh: null };
  const { gain, low, high } = found;
  return { gain, gainLow: low, gainHigh: high };
}
