/**
 * From a spec to a running search: what `qsched search` does before it follows it.
 */
import { followedSearch, isRunning, startSearch } from '../cli/follow/follow-search.js';
import { databasePath } from '../cli/host/database.js';
import { enterHost } from '../cli/host/host.js';
import { servingOf } from '../cli/host/serving.js';
import { checkPriorHere, checkSearch } from '../cli/input/check-here.js';
import { plainModel } from '../cli/input/model-path.js';
import { searchIdFor } from '../cli/input/search-id.js';
import { withAnyStore } from '../cli/input/stored-search.js';
import { searchIdOf } from '../contract/content-id.js';
import { QschedError } from '../contract/errors.js';
import type { SearchProgress } from '../contract/search-result.js';
import type { SearchSpec, SearchSpecInput } from '../contract/search-spec.js';
import { parseSearchSpec } from '../contract/validate.js';
import { findSearch } from '../db/searches.js';
import { listModels } from '../inference/models/model-roots.js';
import { settleSearchHere } from '../planning/settle.js';
import { runningSearch } from './running-search.js';
import type { SearchHandle } from './search-handle.js';
import type { StartSearchOptions } from './start-search-options.js';

type Stored = NonNullable<ReturnType<typeof findSearch>>;

/** {@link startSearch} of start-search.ts. */
export async function beginSearch(spec: SearchSpecInput, options: StartSearchOptions): Promise<SearchHandle> {
  const { workers, device, wait = false, say = () => undefined } = options;
  const written = { ...spec, model: plainModel(spec.model) };
  const here = listModels().includes(written.model);
  const settled = here ? settleSearchHere(written) : parseSearchSpec(written);
  const input = here ? settled : written;
  checkSearch(settled);
  const serving = servingOf({
    ...(workers === undefined ? {} : { workers: String(workers) }),
    ...(device === undefined ? {} : { device }),
  });
  const id = options.id ?? searchIdFor({ spec: settled, input });
  const stored = withAnyStore((store) => findSearch(store, id));
  if (stored !== undefined) requireSame(stored, settled);
  if (stored?.status === 'finished' && stored.result !== null) return finished(stored);
  checkPriorHere(id, settled);
  const host = await enterHost({ models: [settled.model], serving, say, wait });
  try {
    if (!(await isRunning(host.client, id))) {
      const title = `${settled.model}, ${settled.optimizer.type}, ${settled.optimizer.budget} candidates`;
      await startSearch(host.client, id, { input, title });
    }
  } catch (error) {
    await host.stop();
    throw error;
  }
  return runningSearch(host, followedSearch(id, settled));
}

/** @throws QschedError (usage) if the id belongs to a search of another spec */
function requireSame({ id, spec }: Stored, wanted: SearchSpec): void {
  if (searchIdOf(spec) === searchIdOf(wanted)) return;
  throw new QschedError(
    'usage',
    `There is a search "${id}" already, with another spec.`,
    'Choose another id, or leave it out: one then follows from the spec.',
  );
}

/** The handle of a search that needs no server any more. */
function finished({ id, result }: Stored): SearchHandle {
  const { trials, best, identity, failed, raced = 0 } = result!;
  const progress: SearchProgress = {
    status: 'finished',
    stage: 'finished',
    told: trials,
    budget: trials,
    generation: 0,
    best: best.score,
    identity: identity.score,
    failed,
    raced,
    images: { done: 0, total: 0 },
    secondsLeft: 0,
  };
  return {
    id,
    database: databasePath(),
    temporalUi: null,
    progress: () => Promise.resolve(progress),
    result: () => Promise.resolve(result!),
    cancel: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
