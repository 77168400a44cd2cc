/**
 * The linear solution that a search with coefficients per step starts from, if it was found before.
 */
import { canonicalJson } from '../contract/canonical-json.js';
import { searchIdOf } from '../contract/content-id.js';
import { linearIdOf, linearSpecOf } from '../contract/linear-first.js';
import type { FindLinearRequest, LinearSolution } from '../contract/payloads.js';
import type { SearchSpec } from '../contract/search-spec.js';
import type { Store } from './open-store.js';
import { findSearch } from './searches.js';

/** The finalist of the finished linear search of the same spec: of that which belongs to this search, or of one by itself. */
export function findLinear(store: Store, { searchId, spec }: FindLinearRequest): LinearSolution | null {
  const linear = linearSpecOf(spec);
  for (const id of [linearIdOf(searchId), searchIdOf(linear)]) {
    const found = findSearch(store, id);
    if (found?.result && isSame(found.spec, linear)) return { searchId: id, coefficients: found.result.finalist };
  }
  return null;
}

/** Whether two searches have equal candidates, prompts and scores; one of them may have asked for more. */
const isSame = (one: SearchSpec, two: SearchSpec): boolean =>
  canonicalJson(content(one)) === canonicalJson(content(two));

const content = (spec: SearchSpec): object => ({
  ...spec,
  optimizer: { ...spec.optimizer, budget: null },
  control: null,
  waitForWorker: null,
  retryFailed: null,
});
