/**
 * How a search stands, in a cell of the list.
 */
import { Text } from '../report/page/text.js';
import type { ListedSearch } from './list-data.js';

const STAGES: Readonly<Record<string, string>> = {
  calibration: 'searching',
  select: 'choosing the finalist',
  confirm: 'testing on held-out prompts',
  control: 'running the full-precision control',
};

/** Its status; of one that runs the stage and what is scored, of one that failed the reason. */
export function SearchStatus({ status, stage, scored, failed, raced, budget, message }: ListedSearch) {
  if (status !== 'running') {
    return (
      <>
        <span class={`status ${status}`}>{status}</span>
        {message === null ? null : (
          <small>
            <Text>{message}</Text>
          </small>
        )}
      </>
    );
  }
  // The baseline is not part of the budget.
  const told = Math.max(0, (scored ?? 0) + (failed ?? 0) + (raced ?? 0) - 1);
  const count = `${told} of ${budget} candidates`;
  return (
    <>
      <span class="status running">{STAGES[stage ?? ''] ?? 'starting'}</span>
      <progress max={budget ?? 1} value={told} aria-label={count} />
      <small>{count}</small>
    </>
  );
}
