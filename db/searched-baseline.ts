/**
 * The schedule that a search was scored with, from the provenance of its contexts.
 */
import { eq } from 'drizzle-orm';
import { FusedDocument } from '../contract/schedule-document.js';
import type { SearchSpec } from '../contract/search-spec.js';
import type { Store } from './open-store.js';
import { contexts } from './schema.js';
import { searchContextIds } from './searches.js';

/** The fused steps of the baseline with which a search was scored; null if nothing of it is scored. */
export function searchedBaseline(
  store: Store,
  { id, spec }: { readonly id: string; readonly spec: Pick<SearchSpec, 'precision'> },
): FusedDocument | null {
  const [context] = Object.values(searchContextIds(store, id, spec.precision));
  if (context === undefined) return null;
  const row = store.select({ provenance: contexts.provenance }).from(contexts).where(eq(contexts.id, context)).get();
  const { schedule } = JSON.parse(row?.provenance ?? '{}') as { schedule?: unknown };
  return FusedDocument.safeParse(schedule).data ?? null;
}
