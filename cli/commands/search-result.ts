/**
 * The result of a search as a command ends with it: the verdict, what it took, and what to type next.
 */
import type { SearchResult } from '../../contract/search-result.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { objectiveAt } from '../../contract/settled-k.js';
import { databasePath } from '../host/database.js';
import type { Host } from '../host/host.js';
import { scorerNames } from '../input/scorer-names.js';
import { withAnyStore, type StoredSearch } from '../input/stored-search.js';
import { tookBy } from '../plan/took.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { tookLines } from '../text/took-text.js';
import { verdictText } from '../text/verdict-text.js';

interface ShowFlags extends GlobalOptions {
  readonly failWithoutGain?: boolean;
}

/** A host with the page of its Temporal UI that shows the verdict, if that is still there. */
type ShownHost = Host & { readonly details: string | null };

/** The result of a search that this command ran. */
export function showResult(
  result: SearchResult,
  spec: SearchSpec,
  { host, seconds }: { readonly host: ShownHost; readonly seconds: number },
  flags: ShowFlags,
): void {
  const { searchId } = result;
  const latest = host.uiUrl === null ? null : `${host.uiUrl}/namespaces/${host.namespace}/workflows/${searchId}`;
  const temporalUi = host.details ?? latest;
  const work = host.database === null ? null : withAnyStore((store) => tookBy(store, searchId, spec));
  if (flags.json) {
    printJson({ ...result, work, database: host.database, temporalUi, seconds });
    return;
  }
  print(verdictOf(result, spec));
  if (work !== null) print(`\n${tookLines(work).join('\n')}`);
  const place = host.database ?? `in the data folder of the workers at ${host.address}`;
  print(`\n${seconds.toFixed(1)} s. Database: ${place}`);
  if (host.database !== null) print(nextCommands(searchId));
  print(
    host.ours
      ? '  browse this run in the Temporal UI: npx qsched up'
      : `  Temporal UI: ${temporalUi ?? 'see your server'}`,
  );
}

/** The stored result of a search that has finished: nothing is run. @returns the exit code */
export function showFinished({ id, spec, result, finishedAt }: StoredSearch, flags: ShowFlags): number {
  const done = result as SearchResult;
  say(
    `the search ${id} has finished${finishedAt === null ? '' : ` (${finishedAt.slice(0, 16).replace('T', ' ')} UTC)`}; run it again with --again`,
  );
  const work = withAnyStore((store) => tookBy(store, id, spec));
  if (flags.json) printJson({ ...done, work, database: databasePath(), temporalUi: null, seconds: 0 });
  else {
    print(verdictOf(done, spec));
    if (work !== null) print(`\n${tookLines(work).join('\n')}`);
    print(`\nDatabase: ${databasePath()}`);
    print(nextCommands(id));
  }
  return flags.failWithoutGain && done.heldOut.recommend !== 'calibrated' ? 3 : 0;
}

const verdictOf = (result: SearchResult, spec: SearchSpec): string =>
  verdictText(result, objectiveAt(spec.objective, result.k), scorerNames(spec.model, result.heldOut.scorers));

const nextCommands = (searchId: string): string =>
  [
    `  see images, surface and prompts:    npx qsched report ${searchId} --open`,
    `  export the coefficients:            npx qsched export ${searchId}`,
    `  re-rank with other values of k:     npx qsched rank ${searchId}`,
  ].join('\n');
