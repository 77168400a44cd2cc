/**
 * How much of a running activity is done, as its last heartbeat tells.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

/** @returns a share from 0 to 1; null if no activity has told one */
export async function shareDone(handle: WorkflowHandle): Promise<number | null> {
  const { raw } = await handle.describe();
  for (const { heartbeatDetails } of raw.pendingActivities ?? []) {
    const payload = heartbeatDetails?.payloads?.[0];
    const share: unknown = payload === undefined ? null : defaultPayloadConverter.fromPayload(payload);
    if (typeof share === 'number') return share;
  }
  return null;
}
