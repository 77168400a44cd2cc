/**
 * Which release a run belongs to. The history of another release cannot be replayed: its workflow tasks would fail
 * forever. A process that starts to serve the workflows therefore ends such runs first (temporal/older-runs.ts).
 */
import { upsertMemo } from '@temporalio/workflow';
import { RELEASE_MEMO, WIRE_VERSION } from '../contract/wire/version.js';

/** Marks the run as one of this release. Call it first in every workflow: it must be the first command of the history. */
export function markRelease(): void {
  upsertMemo({ [RELEASE_MEMO]: WIRE_VERSION });
}
