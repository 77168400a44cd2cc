/**
 * Who worked when, and where the time went.
 */
import { linearIdOf } from '../../contract/linear-first.js';
import type { Store } from '../../db/open-store.js';
import { statement } from '../../db/prepared.js';
import { searchWork, type StageWork } from '../../db/search-work.js';
import type { SearchDocument } from '../documents/search-document.js';

type Timeline = SearchDocument['timeline'];

/** One row per piece of work: its trials share worker and time. Seconds since the search was opened. */
const PIECES = `
  select w.worker as name, case when w.stage = 'calibration' then case max(w.number) when 0 then 'baseline' else 'search' end
           else w.stage end as stage,
         (julianday(w.recorded_at) - julianday(s.created_at)) * 86400 as "to", sum(w.seconds) as seconds,
         sum(w.evaluations) as evaluations, sum(w.padded_rows) as paddedRows
  from work w join searches s on s.id = w.search_id
  where w.search_id = @searchId
  group by w.worker, w.recorded_at, w.stage order by w.recorded_at`;

interface Piece {
  readonly name: string;
  readonly stage: string;
  readonly to: number;
  readonly seconds: number;
  readonly evaluations: number;
  readonly paddedRows: number;
}

/** @param elapsed seconds from the start to the last change */
export function timelineOf(store: Store, searchId: string, elapsed: number): Timeline {
  const workers = new Map<string, Timeline['workers'][number]['blocks']>();
  for (const { name, seconds, ...piece } of statement<{ searchId: string }, Piece>(store, PIECES).all({ searchId })) {
    const blocks = workers.get(name) ?? [];
    workers.set(name, blocks);
    blocks.push({ from: Math.max(0, piece.to - seconds), ...piece });
  }
  return {
    workers: [...workers].map(([name, blocks]) => ({ name, blocks })),
    spent: spentOf(store, searchId),
    elapsed,
  };
}

/** Of the search itself, and of the searches that it started. */
function spentOf(store: Store, searchId: string): Timeline['spent'] {
  const own = searchWork(store, searchId).map((one) => spent(one.stage, [one]));
  const others = [
    spent('linear search', searchWork(store, linearIdOf(searchId))),
    spent('control search', searchWork(store, `${searchId}-control`)),
  ];
  return [...own, ...others].filter(({ seconds }) => seconds > 0).sort((a, b) => b.seconds - a.seconds);
}

const spent = (what: string, stages: readonly StageWork[]): Timeline['spent'][number] => ({
  what,
  seconds: stages.reduce((sum, one) => sum + one.workerSeconds, 0),
  runtimeSeconds: stages.reduce((sum, one) => sum + one.runtimeSeconds, 0),
  paddedRows: stages.reduce((sum, one) => sum + one.paddedRows, 0),
});
