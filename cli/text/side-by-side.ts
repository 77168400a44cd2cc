/**
 * Several schedules of one network, by scorer: scores, and gains over the baseline with their intervals.
 */
import type { EvaluatedRow, EvaluateResult } from '../../contract/evaluate-spec.js';
import { fixed, signed, spread } from '../../report/text/numbers.js';
import type { ScorerNames } from '../../report/text/scorer-label.js';
import { tableOf, type TableDocument } from './table-document.js';

/** One schedule in one scorer. */
export interface SideRow {
  readonly scorer: string;
  readonly schedule: string;
  readonly score: number | null;
  /** Terms of the objective; null for scorers besides it. */
  readonly tc: number | null;
  readonly iq: number | null;
  /** Null if it could not be computed; 0 for the baseline. */
  readonly gain: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

const ZERO = { gain: 0, low: 0, high: 0 };
const NONE = { gain: null, low: null, high: null };

/** @param result an evaluation whose first row is the baseline of all others */
export function sideBySide({ rows, objective }: Pick<EvaluateResult, 'rows' | 'objective'>): SideRow[] {
  const scorers = [...new Set(rows.flatMap(({ gains }) => gains.map(({ scorer }) => scorer)))];
  return scorers.flatMap((scorer) =>
    rows.map((row, i): SideRow => {
      const gainOf = ({ gains }: EvaluatedRow) => gains.find((one) => one.scorer === scorer);
      const own = gainOf(row);
      const { gain, low, high } = own ?? (i === 0 ? ZERO : NONE);
      const about = { scorer, schedule: row.schedule, gain, low, high };
      if (scorer === objective.scorer) return { ...about, score: row.objective, tc: row.tc, iq: row.iq };
      const baseline = rows.map(gainOf).find((one) => one !== undefined)!;
      return { ...about, score: own?.calibrated ?? (i === 0 ? baseline.identity : null), tc: null, iq: null };
    }),
  );
}

/** The rows as a table; the baseline has no gain over itself. */
export const sideBySideTable = (rows: readonly SideRow[], nameOf: ScorerNames = (role) => role): TableDocument =>
  tableOf<SideRow>(
    [
      { head: 'scorer', cell: ({ scorer }) => nameOf(scorer) },
      { head: 'schedule', cell: ({ schedule }) => schedule },
      { head: 'score', cell: ({ score }) => fixed(score), numeric: true },
      { head: 'text', cell: ({ tc }) => fixed(tc), numeric: true },
      { head: 'quality', cell: ({ iq }) => fixed(iq), numeric: true },
      {
        head: 'gain [95 % interval]',
        cell: ({ schedule, gain, low, high }) => (schedule === 'identity' ? '' : spread(gain, low, high, 4, signed)),
        numeric: true,
      },
    ],
    rows,
  );
