/**
 * The texts of a table's prompts, for people who look at its images.
 */
import { hashTexts, textsHere } from './prompt-sets.js';
import type { EvaluateResult } from '../../contract/evaluate-spec.js';

/** Null unless the set is here, and its first prompts are still those of the table. */
export function tablePrompts({ set, count, seeds, sha256 }: EvaluateResult['prompts']): readonly string[] | null {
  if (set === null) return null;
  const texts = textsHere({ set, count, seeds: [...seeds] }, 'prompts');
  return hashTexts(texts) === sha256 ? texts : null;
}
