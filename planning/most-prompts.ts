/**
 * Prompts of a gate: as many as its set holds, and at most as many as were asked for.
 */
import { QschedError } from '../contract/errors.js';
import type { EvaluateSpec } from '../contract/evaluate-spec.js';
import { LEAST_PROMPTS } from '../contract/gate-spec.js';
import { readPromptSet } from '../inference/prompts/prompt-sets.js';

/** @throws QschedError (usage) for an unknown set, and for one with too few prompts for any verdict */
export function mostPrompts(prompts: EvaluateSpec['prompts']): EvaluateSpec['prompts'] {
  const { set, texts, count, skip = 0 } = prompts;
  if (texts !== undefined) return prompts;
  const found = Math.max(0, readPromptSet(set).length - skip);
  if (found < LEAST_PROMPTS) {
    throw new QschedError(
      'usage',
      `The prompt set "${set}" holds ${found} prompts${skip === 0 ? '' : ` beside the first ${skip}`}: a gate needs at least ${LEAST_PROMPTS} for any verdict.`,
      'Choose a larger set with prompts.set (--prompts), or import one: npx qsched prompts import FILE',
    );
  }
  return { ...prompts, count: Math.min(count, found) };
}
