/**
 * Prompts and schedules of a request, as the engine takes them.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import { scaleFused } from '../../contract/schedule-document.js';
import type { WirePair, WirePrompt } from '../../contract/wire/network.js';
import { fromWireSchedule, type WireSchedule } from '../../contract/wire/schedule.js';
import type { FusedSchedule } from '../../diffusion/fused.js';
import type { Pair } from './sample-block.js';

/** Every pair with its prompt. */
export const pairsOf = ({
  prompts,
  pairs,
}: {
  readonly prompts: readonly WirePrompt[];
  readonly pairs: readonly WirePair[];
}): Pair[] => pairs.map(([prompt, seed]) => ({ ...prompts[prompt]!, seed }));

/** The baseline with a candidate's coefficients inside. */
export const scheduleOf = (baseline: WireSchedule, coefficients: Coefficients): FusedSchedule =>
  scaleFused(fromWireSchedule(baseline), coefficients);
