/**
 * The progress of searches as a table.
 */
import type { searchesOverview } from '../../db/schema.js';
import { fixed, signed, spread } from '../../report/text/numbers.js';
import { duration } from './duration.js';
import { tableOf, type TableDocument } from './table-document.js';

type Row = typeof searchesOverview.$inferSelect;

const VERDICTS: Readonly<Record<string, string>> = { calibrated: 'finalist', identity: 'baseline', none: 'nothing' };

/** One row per search. */
export const statusTable = (rows: readonly Row[]): TableDocument =>
  tableOf<Row>(
    [
      { head: 'search', cell: ({ searchId }) => searchId },
      { head: 'status', cell: ({ status }) => status },
      { head: 'stage', cell: ({ status, stage }) => (status === 'finished' ? '' : stage) },
      // The count of scored trials includes the baseline.
      {
        head: 'candidates',
        cell: ({ scored, budget }) => `${Math.max(0, (scored ?? 0) - 1)}/${budget}`,
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
    ],
    rows,
  );
