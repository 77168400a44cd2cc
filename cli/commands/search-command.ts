/**
 * `qsched search` and `qsched resume`: from a spec to a verdict.
 */
import { existsSync } from 'node:fs';
import { checkFiles } from '../../inference/prepare/prepare.js';
import type { Store } from '../../db/open-store.js';
import { findSearch, listSearches } from '../../db/searches.js';
import { QschedError } from '../../contract/errors.js';
import type { SearchResult } from '../../contract/search-result.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { followedSearch, isRunning, searchIdOf, startSearch } from '../follow/follow-search.js';
import { runToEnd } from '../follow/run-to-end.js';
import { databasePath, type Host } from '../host/host.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { readSpec, type SpecFlags } from '../input/spec-input.js';
import { requireSearch, withoutControls, withStore } from '../input/stored-search.js';
import { workersOf } from '../input/workers.js';
import { usesK } from '../text/objective-text.js';
import { verdictText } from '../text/verdict-text.js';
import { stepCount } from '../../contract/step-count.js';

/** Flags of `search` that do not change the spec. */
export interface RunFlags extends GlobalOptions {
  readonly id?: string;
  readonly workers?: string;
  readonly wait?: boolean;
  readonly failWithoutGain?: boolean;
}

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Runs a search to its verdict. @returns the exit code */
export async function searchCommand(file: string | undefined, flags: SpecFlags & RunFlags): Promise<number> {
  const spec = readSpec(file, flags);
  checkFiles(spec);
  if (flags.k !== undefined && !usesK(spec.objective.type)) {
    say(`--k ${flags.k} has no effect: the objective "${spec.objective.type}" has no k.`);
  }
  workersOf(flags.workers);
  if (flags.id !== undefined && !ID.test(flags.id)) {
    throw new QschedError('usage', `--id "${flags.id}" is not a search id.`, 'Use letters, digits, ".", "_" and "-".');
  }
  const wanted = flags.id ?? searchIdOf(spec);
  const id = existsSync(databasePath())
    ? withStore((store) => freshId(store, wanted, spec, flags.id !== undefined))
    : wanted;
  return runToVerdict(id, spec, flags);
}

/** Resumes a search: follows it where it runs, rebuilds it from the database where it does not. */
export async function resumeCommand(
  searchId: string | undefined,
  flags: RunFlags & { retryFailed?: boolean; budget?: string },
): Promise<number> {
  workersOf(flags.workers);
  const { id, spec: stored } = withStore((store) => requireSearch(store, searchId ?? latestUnfinished(store)));
  const budget = flags.budget === undefined ? {} : { budget: Number(flags.budget) };
  const spec = parseSearchSpec(
    { ...stored, optimizer: { ...stored.optimizer, ...budget }, retryFailed: flags.retryFailed ?? false },
    () => (flags.budget === undefined ? '' : '--budget: '),
  );
  if (spec.optimizer.budget < stored.optimizer.budget) {
    throw new QschedError(
      'usage',
      `--budget ${spec.optimizer.budget} is below the search's own ${stored.optimizer.budget}.`,
      'A search can grow, not shrink.',
    );
  }
  checkFiles(spec);
  return runToVerdict(id, spec, flags, spec.optimizer.budget > stored.optimizer.budget || spec.retryFailed);
}

/** The latest search that is not finished; the latest of all where there is none. */
function latestUnfinished(store: Store): string | undefined {
  const own = withoutControls(listSearches(store));
  return (own.find(({ status }) => status !== 'finished') ?? own[0])?.id;
}

/** A finished search of the same spec keeps its rows: the new one gets a number. */
function freshId(store: Store, wanted: string, spec: SearchSpec, chosen: boolean): string {
  const found = findSearch(store, wanted);
  if (!found) return wanted;
  if (chosen) {
    if (found.status !== 'finished' && searchIdOf(found.spec) === searchIdOf(spec)) return wanted;
    throw new QschedError(
      'usage',
      `There is a search "${wanted}" already.`,
      `Choose another --id, or resume it: npx qsched resume ${wanted}`,
    );
  }
  if (found.status !== 'finished') return wanted;
  for (let n = 2; ; n += 1) {
    const other = findSearch(store, `${wanted}-${n}`);
    if (!other || other.status !== 'finished') return `${wanted}-${n}`;
  }
}

/** @param replace whether a running workflow of this id gives way: its spec is no longer the one wanted */
async function runToVerdict(searchId: string, spec: SearchSpec, flags: RunFlags, replace = false): Promise<number> {
  const started = Date.now();
  say(
    `search ${searchId}: ${spec.model} ${spec.precision}, ${stepCount(spec.scheduler.steps)}, ${spec.optimizer.type}, budget ${spec.optimizer.budget}`,
  );
  const outcome = await runToEnd<SearchResult>({
    ...followedSearch(searchId),
    models: [spec.model],
    workers: workersOf(flags.workers),
    wait: flags.wait ?? false,
    kept: 'everything scored so far is stored',
    followAgain: `Follow it with: npx qsched resume ${searchId}`,
    start: async (client, first) => {
      const fresh = replace && first;
      if (fresh || !(await isRunning(client, searchId))) await startSearch(client, searchId, spec, fresh);
    },
  });
  if (outcome === null) return 130;
  const { result, host } = outcome;
  show(result, spec, host, (Date.now() - started) / 1000, flags);
  return flags.failWithoutGain && result.heldOut.recommend !== 'calibrated' ? 3 : 0;
}

function show(result: SearchResult, spec: SearchSpec, host: Host, seconds: number, flags: RunFlags): void {
  const temporalUi =
    host.uiUrl === null ? null : `${host.uiUrl}/namespaces/${host.namespace}/workflows/${result.searchId}`;
  if (flags.json) {
    printJson({ ...result, database: host.database, temporalUi, seconds });
    return;
  }
  print(verdictText(result, spec.objective));
  print(
    `\n${seconds.toFixed(1)} s. Database: ${host.database ?? `in the data folder of the workers at ${host.address}`}`,
  );
  if (host.database !== null) {
    print(
      `  export:  npx qsched export ${result.searchId}\n  other weights of quality, without an image:  npx qsched rank ${result.searchId}`,
    );
  }
  print(
    host.ours
      ? '  the same data with the Temporal UI: npx qsched up'
      : `  Temporal UI: ${temporalUi ?? 'see your server'}`,
  );
}
