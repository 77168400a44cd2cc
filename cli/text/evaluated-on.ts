/**
 * The lines below a table: on what it was evaluated, and how many images that took.
 */
import type { EvaluateResult } from '../../contract/evaluate-spec.js';

/** `128 held-out prompts of shapes-heldout, seeds 2000` */
export const evaluatedOn = (
  { prompts: { count, set, seeds } }: Pick<EvaluateResult, 'prompts'>,
  what = 'prompts',
): string => `${count} ${what}${set === null ? '' : ` of ${set}`}, seeds ${seeds.join(', ')}`;

/** `256 images generated, 0 reused; 12.3 s` */
export const imageCounts = ({
  generated,
  reused,
  seconds,
}: Pick<EvaluateResult, 'generated' | 'reused' | 'seconds'>): string =>
  `${generated} images generated, ${reused} reused; ${seconds.toFixed(1)} s`;
