/**
 * What a gate shows while it runs, and where.
 */
import type { Hold } from '../evaluate/hold.js';
import type { Meter } from '../scoring/meter.js';
import type { RunPlace } from '../run-frame.js';
import type { Progress } from './progress.js';

export interface Screen {
  readonly place: RunPlace;
  readonly progress: Progress;
  readonly meter: Meter;
  readonly hold: Hold;
  readonly show: (note?: string) => void;
}
