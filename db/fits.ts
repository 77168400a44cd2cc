/**
 * Fits by what determines them: a stored fit is not made again.
 */
import { eq } from 'drizzle-orm';
import type { CompleteSchedule } from '../contract/schedule-document.js';
import type { AddFitRequest, FindFitRequest, StoredFit } from '../contract/fit-payloads.js';
import { fitKey } from './keys.js';
import type { Store } from './open-store.js';
import { fits } from './schema.js';
import { storeSchedule } from './schedules.js';

/** The fit of equal inputs, which becomes the latest of its network. One of 0.1.0 is stored under its new key as well. */
export function findFit(store: Store, { inputs, older }: FindFitRequest): StoredFit | null {
  const of = (key: string) => store.select().from(fits).where(eq(fits.key, key)).get();
  const key = fitKey(inputs);
  const found = of(key) ?? (older === null ? undefined : of(fitKey(older)));
  if (found === undefined) return null;
  const document = JSON.parse(found.document) as CompleteSchedule;
  return store.transaction(() => {
    store
      .insert(fits)
      .values({ ...found, key })
      .onConflictDoNothing()
      .run();
    const { id } = storeSchedule(store, document);
    return { id, document, trajectories: found.trajectories };
  });
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

/** Texts of the prompts that a schedule was fitted on; empty if no fit with this schedule is stored. */
export function fittedPrompts(store: Store, scheduleId: string): Set<string> {
  const rows = store.select({ texts: fits.texts }).from(fits).where(eq(fits.scheduleId, scheduleId)).all();
  return new Set(rows.flatMap(({ texts }) => JSON.parse(texts) as string[]));
}
