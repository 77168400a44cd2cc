/**
 * Pairwise scores need something to compare with.
 */
import { QschedError } from '../contract/errors.js';
import type { EvaluateSpec } from '../contract/evaluate-spec.js';
import { fullRowOf } from '../contract/full-row.js';

/** @throws QschedError (usage) if pairwise scores are asked for and no row has another row to be compared with */
export function requireFullRow({ rows, pairwise }: Pick<EvaluateSpec, 'rows' | 'pairwise'>): void {
  if (pairwise.length === 0) return;
  const compared = rows.some((row, i) => ![-1, i].includes(fullRowOf(rows, row)));
  if (compared) return;
  throw new QschedError(
    'usage',
    `pairwise asks for ${pairwise.join(', ')}, but no row has a full-precision row to be compared with.`,
    'Add a row of the same model and scheduler with precision fp32 and schedule identity: --precision fp32,w4a8.',
  );
}
