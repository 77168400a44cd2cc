/**
 * `qsched report`: what is stored of searches and tables, as one document.
 */
import { reportOf } from '../../report/data/report-data.js';
import { searchDocument } from '../../report/data/search-data.js';
import { artefactFolder } from '../../temporal/data-folder.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { printJson, type GlobalOptions } from '../text/output.js';

/** Prints the data of a report; by default of the latest search. @returns the exit code */
export function reportCommand(ids: readonly string[], _flags: GlobalOptions): number {
  const place = { folder: artefactFolder(), images: 'inline' } as const;
  const report = withStore((store) => {
    const wanted = ids.length === 0 ? [undefined] : ids;
    const parts = wanted.map((id) => searchDocument(store, requireSearch(store, id).id, place));
    return reportOf(parts, new Date());
  });
  printJson(report);
  return 0;
}
