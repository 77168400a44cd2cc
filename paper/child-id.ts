/**
 * The id of a study's child, made from what it is asked: the same search has the same id in every study.
 */
import { EvaluateSpec } from '../contract/evaluate-spec.js';
import { PtqdInput } from '../contract/study-payloads.js';
import { parseSearchSpec } from '../contract/validate.js';
import { contentId } from './content-id.js';

/**
 * @param argument what the child workflow is started with; defaults are filled before it is hashed
 * @throws QschedError (usage) where a search's spec is not valid
 */
export function childId(kind: 'ptqd' | 'search' | 'evaluate', argument: unknown): string {
  if (kind === 'evaluate') return `evaluate-${contentId(EvaluateSpec.parse(argument))}`;
  if (kind === 'ptqd') {
    const { search, ...how } = PtqdInput.parse(argument);
    return `ptqd-${contentId({ ...how, search: parseSearchSpec(search) })}`;
  }
  const spec = parseSearchSpec(argument);
  return `${spec.model}-${spec.precision}-${spec.optimizer.type}-${contentId(spec)}`;
}
