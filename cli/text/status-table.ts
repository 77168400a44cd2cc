/**
 * The progress of searches as a table.
 */
import type { searchesOverview } from '../../db/schema.js';
import { fixed, signed, spread } from '../../report/text/numbers.js';
import { duration } from './duration.js';
import { tableOf, type TableDocument } from './table-document.js';

/** A search; `confirmed`: its status was compared with the Temporal server where that can change it. */
export type StatusRow = typeof searchesOverview.$inferSelect & { readonly confirmed: boolean };

const VERDICTS: Readonly<Record<string, string>> = { calibrated: 'finalist', identity: 'baseline', none: 'nothing' };

/** Columns to sort by. */
export const SORTS = ['date', 'gain', 'best', 'time', 'status', 'model', 'search'] as const;

/** The latest, the most gain, the longest first; names in their order. Searches without a value come last. */
export function sortStatus(rows: readonly StatusRow[], by: (typeof SORTS)[number]): readonly StatusRow[] {
  const [text, descending] = (
    {
      date: ['createdAt', true],
      gain: ['gain', true],
      best: ['best', true],
      time: ['seconds', true],
      status: ['status', false],
      model: ['model', false],
      search: ['searchId', false],
    } as const
  )[by];
  return [...rows].sort((one, other) => {
    const [a, b] = [one[text], other[text]];
    if (a === b) return 0;
    if (a === null || b === null) return a === null ? 1 : -1;
    return (a < b ? -1 : 1) * (descending ? -1 : 1);
  });
}

/** One row per search. */
export const statusTable = (rows: readonly StatusRow[]): TableDocument =>
  tableOf<StatusRow>(
    [
      { head: 'search', cell: ({ searchId }) => searchId },
      { head: 'status', cell: ({ status, confirmed }) => (confirmed ? status : `${status}?`) },
      { head: 'stage', cell: ({ status, stage }) => (status === 'finished' ? '' : stage) },
      { head: 'steps', cell: ({ steps }) => steps, numeric: true },
      // The count of scored trials includes the baseline.
      {
        head: 'candidates',
        cell: ({ scored, raced, budget }) => `${Math.max(0, (scored ?? 0) + (raced ?? 0) - 1)}/${budget}`,
        numeric: true,
      },
      { head: 'failed', cell: ({ failed }) => failed ?? 0, numeric: true },
      { head: 'best', cell: ({ best }) => fixed(best), numeric: true },
      { head: 'baseline', cell: ({ identity }) => fixed(identity), numeric: true },
      {
        head: 'held-out gain',
        cell: ({ gain, gainLow, gainHigh }) => spread(gain, gainLow, gainHigh, 4, signed),
        numeric: true,
      },
      { head: 'recommended', cell: ({ verdict }) => (verdict === null ? '-' : VERDICTS[verdict]) },
      { head: 'time', cell: ({ seconds }) => duration(seconds ?? 0), numeric: true },
      { head: 'started (UTC)', cell: ({ createdAt }) => createdAt?.slice(0, 16).replace('T', ' ') },
    ],
    rows,
  );
