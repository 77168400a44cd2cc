/**
 * The columns of a search in the list of workflows (temporal/search-attribute-keys.ts), where the namespace has them.
 */
import { upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from '../../temporal/search-attribute-keys.js';
import type { SearchRun } from './search-run.js';

type Columns = { readonly [K in keyof typeof SEARCH_ATTRIBUTES]?: string | number };

/** Sets columns; those that are absent stay as they are. Without the attributes nothing is set. */
export function setColumns({ columns }: Pick<SearchRun, 'columns'>, values: Columns): void {
  if (columns) upsertSearchAttributes(columnsOf(values));
}

/** The same for a workflow that is no search. */
export const columnsOf = (values: Columns): Record<string, [string] | [number]> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      SEARCH_ATTRIBUTES[key as keyof typeof SEARCH_ATTRIBUTES].name,
      [value] as [string] | [number],
    ]),
  );
