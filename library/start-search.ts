/**
 * Starting a search from a program. Temporal and ONNX Runtime are loaded when one starts, not when the package is imported.
 */
import type { SearchSpecInput } from '../contract/search-spec.js';
import type { SearchHandle } from './search-handle.js';
import type { StartSearchOptions } from './start-search-options.js';

/**
 * Starts a search, joins it if it runs, continues it if it was interrupted, or finds it finished: what `qsched search` does.
 * It uses the server and the workers that run, or starts them.
 *
 * @param spec as in a spec file; `model` is a name or the path of a folder
 * @throws QschedError (usage): a spec, a model or prompts that are not right, with the field, or an id that another search
 *   has; (failure): no server, or no workers at a configured one
 */
export async function startSearch(spec: SearchSpecInput, options: StartSearchOptions = {}): Promise<SearchHandle> {
  const { beginSearch } = await import('./begin-search.js');
  return beginSearch(spec, options);
}
