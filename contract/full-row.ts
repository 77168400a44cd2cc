/**
 * Which row of a table the others are compared with: full precision, the baseline, of the same model and scheduler.
 */
import { canonicalJson } from './canonical-json.js';
import type { EvaluateRow } from './evaluate-spec.js';

/** Full precision, whose images FID-SD, KID and pairwise scores compare with. */
const REFERENCE_PRECISION = 'fp32';

/** Its place in the table; -1 if there is none. */
export const fullRowOf = (
  rows: readonly EvaluateRow[],
  { model, scheduler }: Pick<EvaluateRow, 'model' | 'scheduler'>,
): number =>
  rows.findIndex(
    (row) =>
      row.schedule === 'identity' &&
      row.model === model &&
      row.precision === REFERENCE_PRECISION &&
      canonicalJson(row.scheduler) === canonicalJson(scheduler),
  );
