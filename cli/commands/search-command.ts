/**
 * `qsched search` and `qsched resume`: from a spec to a verdict.
 */
import type { Store } from '../../db/open-store.js';
import { findSearch, listSearches } from '../../db/searches.js';
import { searchIdOf } from '../../contract/content-id.js';
import { QschedError } from '../../contract/errors.js';
import type { SearchResult } from '../../contract/search-result.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { stepCount } from '../../contract/step-count.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { detailsPage } from '../../temporal/ui-links.js';
import { followedSearch, goOn, isRunning, startSearch } from '../follow/follow-search.js';
import { runToEnd } from '../follow/visit-host.js';
import { servingOf } from '../host/serving.js';
import { checkPriorHere, checkSearch } from '../input/check-here.js';
import type { Given } from '../input/flag.js';
import { placesOf } from '../input/flag-places.js';
import { RESUME, type SEARCH } from '../input/flags.js';
import { searchIdFor } from '../input/search-id.js';
import { readSpec, type SpecInput } from '../input/spec-input.js';
import { requireSearch, withAnyStore, withoutParts, withStore } from '../input/stored-search.js';
import { number } from '../input/values.js';
import { usesK } from '../../report/text/objective-text.js';
import { say, type GlobalOptions } from '../text/output.js';
import { showFinished, showResult } from './search-result.js';

type RunFlags = Given<typeof SEARCH> & GlobalOptions;

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Runs a search to its verdict. @returns the exit code */
export async function searchCommand(file: string | undefined, flags: RunFlags): Promise<number> {
  const { spec, input, places } = readSpec(file, flags);
  places.named(() => checkSearch(spec));
  servingOf(flags);
  if (flags.k !== undefined && !usesK(spec.objective.type)) {
    say(`--k ${flags.k} has no effect: the objective "${spec.objective.type}" has no k.`);
  }
  if (flags.id !== undefined && !ID.test(flags.id)) {
    throw new QschedError('usage', `--id "${flags.id}" is not a search id.`, 'Use letters, digits, ".", "_" and "-".');
  }
  const wanted = flags.id ?? searchIdFor({ spec, input });
  const { id, finished } = withAnyStore((store) => freshId(store, wanted, spec, flags));
  if (finished) {
    const search = withAnyStore((store) => requireSearch(store, id));
    return showFinished(search, flags);
  }
  places.named(() => checkPriorHere(id, spec));
  return runToVerdict(id, { spec, input }, flags);
}

/** Resumes a search: follows it if it runs, otherwise rebuilds it from the database. @returns the exit code */
export async function resumeCommand(
  searchId: string | undefined,
  flags: Given<typeof RESUME> & GlobalOptions,
): Promise<number> {
  servingOf(flags);
  const search = withStore((store) => requireSearch(store, searchId ?? latestUnfinished(store)));
  const { id, spec: stored } = search;
  const places = placesOf({ budget: RESUME.budget }, flags, null);
  const budget = flags.budget === undefined ? stored.optimizer.budget : number(flags.budget);
  const changed = { ...stored, optimizer: { ...stored.optimizer, budget }, retryFailed: flags.retryFailed ?? false };
  const spec = places.named(() => parseSearchSpec(changed, places.of));
  if (spec.optimizer.budget < stored.optimizer.budget) {
    throw new QschedError(
      'usage',
      `--budget ${spec.optimizer.budget} is below the ${stored.optimizer.budget} of the search.`,
      'A search can be extended, but not shortened.',
    );
  }
  const extended = spec.optimizer.budget > stored.optimizer.budget ? spec.optimizer.budget : null;
  const changes = extended !== null || spec.retryFailed;
  if (search.status === 'finished' && !changes && flags.again !== true) return showFinished(search, flags);
  checkSearch(spec);
  return runToVerdict(id, { spec, input: spec }, flags, { replace: spec.retryFailed, extended });
}

/** The latest unfinished search; the latest of all if every search is finished. */
function latestUnfinished(store: Store): string | undefined {
  const own = withoutParts(listSearches(store));
  return (own.find(({ status }) => status !== 'finished') ?? own[0])?.id;
}

/** What a search is called. One of the same spec that has finished is shown, or with --again gets a number and keeps its rows. */
function freshId(
  store: Store,
  wanted: string,
  spec: SearchSpec,
  { id: chosen, again = false }: RunFlags,
): { readonly id: string; readonly finished?: true } {
  const found = findSearch(store, wanted);
  if (!found) return { id: wanted };
  const other = searchIdOf(found.spec) !== searchIdOf(spec);
  if (chosen !== undefined && (other || (again && found.status === 'finished'))) {
    throw new QschedError(
      'usage',
      `There is a search "${wanted}" already.`,
      `Choose another --id, or resume it: npx qsched resume ${wanted}`,
    );
  }
  if (found.status !== 'finished') return { id: wanted };
  if (!again) return { id: wanted, finished: true };
  for (let n = 2; ; n += 1) {
    const next = findSearch(store, `${wanted}-${n}`);
    if (!next || next.status !== 'finished') return { id: `${wanted}-${n}` };
  }
}

/** What is different about a search that runs already. */
interface Changes {
  /** Whether to end its workflow, because its spec has changed. */
  readonly replace: boolean;
  /** Its new budget; null: as before. */
  readonly extended: number | null;
}

/** @param changes null: what runs is followed as it is */
async function runToVerdict(
  searchId: string,
  { spec, input }: Pick<SpecInput, 'spec' | 'input'>,
  flags: RunFlags,
  changes: Changes | null = null,
): Promise<number> {
  const started = Date.now();
  const { model, optimizer } = spec;
  const title = `${titleOf(spec, input)}, ${optimizer.budget} candidates`;
  say(`search ${searchId}: ${titleOf(spec, input)}, budget ${optimizer.budget}`);
  const outcome = await runToEnd<SearchResult>({
    ...followedSearch(searchId, spec),
    models: [model],
    serving: servingOf(flags),
    wait: flags.wait ?? false,
    kept: 'everything scored so far is stored',
    followAgain: `Follow it with: npx qsched resume ${searchId}`,
    page: 'searches',
    start: async (client, first) => {
      const running = await isRunning(client, searchId);
      const fresh = first && changes?.replace === true;
      if (fresh || !running) await startSearch(client, searchId, { input, title }, fresh);
      else if (first && changes !== null) await goOn(client, searchId, changes.extended);
    },
  });
  if (outcome === null) return 130;
  const { result, host } = outcome;
  const details = host.ours ? null : await detailsPage(host, searchId).catch(() => null);
  showResult(result, spec, { host: { ...host, details }, seconds: (Date.now() - started) / 1000 }, flags);
  return flags.failWithoutGain && result.heldOut.recommend !== 'calibrated' ? 3 : 0;
}

/** A model that is not here completes its spec on a worker: what was left out is not known yet. */
function titleOf(spec: SearchSpec, input: unknown): string {
  const { model, precision, scheduler, optimizer } = spec;
  const network = spec === input ? `${model} ${precision}, ${stepCount(scheduler.steps)}` : model;
  return `${network}, ${optimizer.type}`;
}
