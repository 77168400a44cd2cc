/**
 * What `qsched export` is asked to export: a search, a stored schedule, or a schedule file.
 */
import { existsSync } from 'node:fs';
import { scheduleProvenance } from '../../db/schedule-provenance.js';
import { findSchedules } from '../../db/schedules.js';
import type { Store } from '../../db/open-store.js';
import { findSearch } from '../../db/searches.js';
import { QschedError } from '../../contract/errors.js';
import type { CompleteSchedule } from '../../contract/schedule-document.js';
import type { ExportedSchedule } from '../../exports/target.js';
import { readScheduleFile } from './schedule-file.js';
import { searchedCoefficients, searchedSchedule, WHICH, type Which } from './searched-schedule.js';
import { requireSearch } from './stored-search.js';
import { oneOf } from './values.js';

/**
 * The schedule with its provenance.
 *
 * @param what id of a search (by default the latest), the start of a schedule's id, or the path of a schedule file
 * @throws QschedError: nothing is called so, or what it names cannot be exported
 */
export function exportSource(store: Store, what: string | undefined, which: string | undefined) {
  const document = givenSchedule(store, what, which) ?? ofSearch(store, what, whichOf(which));
  return { ...document, provenance: scheduleProvenance(store, document) } satisfies ExportedSchedule['document'];
}

/** What --which names. @throws QschedError (usage) */
export const whichOf = (which: string | undefined): Which => oneOf('--which', which ?? 'recommended', WHICH);

function ofSearch(store: Store, what: string | undefined, which: Which): CompleteSchedule {
  const search = requireSearch(store, what);
  return searchedSchedule(store, search, which, searchedCoefficients(store, search, which));
}

/** A schedule by its id or from a file; undefined where a search is meant. */
function givenSchedule(
  store: Store,
  what: string | undefined,
  which: string | undefined,
): CompleteSchedule | undefined {
  if (what === undefined || findSearch(store, what) !== undefined) return undefined;
  const stored = findSchedules(store, what);
  if (stored.length > 1) {
    throw new QschedError(
      'usage',
      `${stored.length} ids of schedules start with "${what}".`,
      'Type more characters of the id; see npx qsched schedules.',
    );
  }
  const found = stored[0]?.document ?? (existsSync(what) ? readScheduleFile(what) : undefined);
  if (found !== undefined && which !== undefined) {
    throw new QschedError(
      'usage',
      `"${what}" is a schedule, but --which chooses among the results of a search.`,
      'Leave --which out.',
    );
  }
  return found;
}
