/**
 * Ids of searches in flags, spelt out: a spec has whole ids, which mean the same in any database.
 */
import { listSearches } from '../../db/searches.js';
import { idByPrefix } from './id-prefix.js';
import { withAnyStore } from './stored-search.js';

const REFERENCE = /^search:/;

/** The id that a flag's text names, if it is one stored here. @throws QschedError (usage) for an ambiguous beginning */
export const wholeSearchId = (text: string): string =>
  withAnyStore((store) =>
    idByPrefix(
      'search',
      text,
      listSearches(store).map(({ id }) => id),
    ),
  ) ?? text;

/** The same for `search:<id>` among the schedules of a table; other schedules stay as they are. */
export const wholeReference = (schedule: string): string =>
  REFERENCE.test(schedule) ? `search:${wholeSearchId(schedule.replace(REFERENCE, ''))}` : schedule;
