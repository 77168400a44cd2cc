/**
 * How far an evaluation is.
 */
import type { EvaluateProgress } from '../../contract/evaluate-payloads.js';

/** What the `progress` query answers; the stages write it. */
export type Progress = { -readonly [K in keyof Counted]: Counted[K] };

type Counted = Omit<EvaluateProgress, 'secondsLeft'>;

/** Nothing done yet. */
export const atStart = (): Progress => ({
  status: 'running',
  stage: 'prepare',
  rows: 0,
  images: 0,
  done: 0,
  generated: 0,
  reused: 0,
  failed: 0,
  summarised: 0,
});
