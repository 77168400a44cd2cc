/**
 * PTQD fits by what they were made of: one that is stored is not made again.
 */
import { eq } from 'drizzle-orm';
import type { CompleteSchedule } from '../contract/schedule-document.js';
import type { AddFitRequest, StoredFit } from '../contract/study-payloads.js';
import { fitKey } from './keys.js';
import type { Store } from './open-store.js';
import { fits } from './schema.js';
import { storeSchedule } from './schedules.js';

/** The fit of equal inputs; it becomes the latest of its network. */
export function findFit(store: Store, inputs: unknown): StoredFit | null {
  const found = store
    .select()
    .from(fits)
    .where(eq(fits.key, fitKey(inputs)))
    .get();
  if (found === undefined) return null;
  const document = JSON.parse(found.document) as CompleteSchedule;
  const { id } = storeSchedule(store, document);
  return { id, document, trajectories: found.trajectories };
}

/** Stores a fit and its schedule. Safe to repeat. @returns the schedule's id */
export function addFit(store: Store, { inputs, document, trajectories, texts }: AddFitRequest): { id: string } {
  const { id } = storeSchedule(store, document);
  const row = {
    key: fitKey(inputs),
    scheduleId: id,
    document: JSON.stringify(document),
    trajectories,
    texts: JSON.stringify(texts),
  };
  store.insert(fits).values(row).onConflictDoNothing().run();
  return { id };
}

/** Texts of the prompts that a schedule was fitted on; none where no fit of it is stored. */
export function fittedPrompts(store: Store, scheduleId: string): Set<string> {
  const rows = store.select({ texts: fits.texts }).from(fits).where(eq(fits.scheduleId, scheduleId)).all();
  return new Set(rows.flatMap(({ texts }) => JSON.parse(texts) as string[]));
}
