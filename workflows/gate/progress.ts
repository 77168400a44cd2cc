/**
 * How far a gate is.
 */
import type { GateProgress } from '../../contract/gate-payloads.js';

/** What the `progress` query answers; the stages write it. */
export type Progress = { -readonly [K in keyof Counted]: Counted[K] };

type Counted = Omit<GateProgress, 'secondsLeft'>;

/** Nothing done yet. */
export const atStart = (): Progress => ({
  status: 'running',
  stage: 'prepare',
  looks: 0,
  prompts: 0,
  planned: null,
  images: 0,
  done: 0,
  generated: 0,
  reused: 0,
  failed: 0,
  verdict: null,
});
