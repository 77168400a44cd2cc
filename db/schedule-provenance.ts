/**
 * The provenance of an export: what is stored of the search that a schedule comes from.
 */
import { eq } from 'drizzle-orm';
import { verdictOf, type Provenance } from '../contract/provenance.js';
import type { CompleteSchedule } from '../contract/schedule-document.js';
import { RELEASE } from '../contract/release.js';
import { scheduleId } from './keys.js';
import type { Store } from './open-store.js';
import { contexts, searches } from './schema.js';
import { searchContextIds } from './searches.js';

/**
 * Where a schedule comes from. Hashes and verdict are those of its search, if that is stored here; else those that the
 * document came with, if any.
 */
export function scheduleProvenance(store: Store, document: CompleteSchedule): Provenance {
  const { kind, model, precision, searchId, which, heldOut, provenance: before } = document;
  const verdict = verdictOf(heldOut) ?? before?.verdict;
  const { files, numeric } = scoredWith(store, document) ?? before ?? {};
  return {
    qsched: RELEASE,
    schedule: scheduleId(document.fused),
    kind,
    ...(model === undefined ? {} : { model }),
    ...(precision === undefined ? {} : { precision }),
    ...(searchId === undefined ? {} : { searchId }),
    ...(which === undefined ? {} : { which }),
    ...(files === undefined ? {} : { files }),
    ...(numeric === undefined ? {} : { numeric }),
    ...(verdict === undefined ? {} : { verdict }),
  };
}

/** The files and the arithmetic with which a search was scored. */
function scoredWith(
  store: Store,
  { searchId, precision }: CompleteSchedule,
): Pick<Provenance, 'files' | 'numeric'> | undefined {
  if (searchId === undefined || precision === undefined) return undefined;
  const known = store.select({ id: searches.id }).from(searches).where(eq(searches.id, searchId)).get();
  const [context] = known === undefined ? [] : Object.values(searchContextIds(store, searchId, precision));
  if (context === undefined) return undefined;
  const row = store.select({ provenance: contexts.provenance }).from(contexts).where(eq(contexts.id, context)).get();
  return row === undefined ? undefined : (JSON.parse(row.provenance) as Pick<Provenance, 'files' | 'numeric'>);
}
