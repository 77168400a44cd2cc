/**
 * Whether a database lacks tables or columns that this version reads.
 */
import type { Store } from './open-store.js';
import { schemaAge } from './schema-version.js';

/** Whether an older version wrote it. Opening it for writing migrates it. */
export const isOlder = (store: Store): boolean => schemaAge(store.$client) === 'older';
