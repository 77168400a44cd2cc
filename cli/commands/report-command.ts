/**
 * `qsched report`: what is stored of searches and tables, as one HTML file or as data.
 */
import { findRun, listRuns } from '../../db/runs.js';
import { findSearch, listSearches } from '../../db/searches.js';
import type { Store } from '../../db/open-store.js';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { tablePrompts } from '../../inference/prompts/table-prompts.js';
import type { ImagePlace } from '../../report/data/image-sources.js';
import { reportOf } from '../../report/data/report-data.js';
import { searchDocument } from '../../report/data/search-data.js';
import { runDocument } from '../../report/data/run-data.js';
import type { ReportDocument } from '../../report/documents/report-document.js';
import { artefactFolder } from '../../temporal/data-folder.js';
import type { Given } from '../input/flag.js';
import type { REPORT } from '../input/flags.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { formatBytes } from '../text/bytes.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { checkOutput, defaultPath, openFile, writeReport } from './report-file.js';

/** Writes a report as one HTML file, or prints its data; by default of the latest search. @returns the exit code */
export async function reportCommand(
  ids: readonly string[],
  { json, output, open }: Given<typeof REPORT> & GlobalOptions,
): Promise<number> {
  if (output !== undefined) checkOutput(output);
  const report = withStore((store) => readReport(store, ids));
  if (json) printJson(report);
  if (json && output === undefined && !open) return 0;
  // Drawing needs libraries that no other command loads.
  const { renderReport } = await import('../../report/page/render-report.js');
  const path = output ?? defaultPath(report.parts.map(({ id }) => id));
  const html = renderReport(report);
  writeReport(path, html);
  (json ? say : print)(`wrote ${path} (${formatBytes(Buffer.byteLength(html))})`);
  if (open) await openFile(path);
  return 0;
}

/** @param ids of searches, evaluations and tables; without one, the latest search */
function readReport(store: Store, ids: readonly string[]): ReportDocument {
  const wanted = ids.length === 0 ? [requireSearch(store, undefined).id] : [...new Set(ids)];
  const place: ImagePlace = { folder: artefactFolder(), images: 'inline', sharedBy: wanted.length };
  return reportOf(
    wanted.map((id) => partOf(store, id, place)),
    new Date(),
  );
}

/** @throws QschedError (usage) that lists what is stored */
function partOf(store: Store, id: string, place: ImagePlace): ReportDocument['parts'][number] {
  if (findSearch(store, id) !== undefined) return searchDocument(store, requireSearch(store, id).id, place);
  if (findRun(store, id) !== undefined) return runDocument(store, id, { ...place, textsOf: tablePrompts });
  const known = [...listSearches(store), ...listRuns(store)].map((one) => one.id);
  throw new QschedError('usage', `There is no search, evaluation or table "${id}".`, suggestion(id, known));
}
