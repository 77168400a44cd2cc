/**
 * What a report says of a run: a gate, an evaluation, or a table or figure of the paper.
 */
import type { Store } from '../../db/open-store.js';
import { findRun } from '../../db/runs.js';
import type { GateDocument } from '../documents/gate-document.js';
import type { TableDocument } from '../documents/table-document.js';
import { gateDocument } from './gate-data.js';
import { tableDocument, type TableDataOptions } from './table-data.js';

/** @throws QschedError (usage) if there is no such run */
export function runDocument(store: Store, id: string, options: TableDataOptions): GateDocument | TableDocument {
  const run = findRun(store, id);
  return run?.kind === 'gate' ? gateDocument(run, options) : tableDocument(store, id, options);
}
