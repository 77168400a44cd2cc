/**
 * Whether a person holds an evaluation, and whose blocks its own go before.
 */
import { condition } from '@temporalio/workflow';
import type { EvaluateProgress } from '../../contract/evaluate-payloads.js';

/** What the updates of an evaluation change. */
export interface Hold {
  paused: boolean;
  /** Priority key of what is rendered; null: that of the workflow. */
  priority: number | null;
}

/** What the query `progress` says of it. */
export const shownHold = ({ paused, priority }: Hold): Pick<EvaluateProgress, 'paused' | 'priority'> => ({
  ...(paused ? { paused: true } : {}),
  ...(priority === null ? {} : { priority }),
});

/** Resolves when it is not held. Without a hold nothing is waited for: such histories replay as before. */
export async function untilLetGo(hold: Hold): Promise<void> {
  if (hold.paused) await condition(() => !hold.paused);
}
