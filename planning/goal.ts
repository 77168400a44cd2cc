/**
 * What a search for repair needs beside its own network.
 */
import { QschedError } from '../contract/errors.js';
import { maximisesRepair } from '../contract/goal.js';
import type { SearchSpec } from '../contract/search-spec.js';
import type { NetworkFacts } from '../contract/wire/describe.js';

/** @throws QschedError (usage): repair is to be maximised, and there is no full-precision network beside the searched one */
export function requireFull(
  spec: SearchSpec,
  {
    model,
    precision,
    precisions,
    referencePrecision,
  }: Pick<NetworkFacts, 'model' | 'precision' | 'precisions' | 'referencePrecision'>,
): void {
  if (!maximisesRepair(spec)) return;
  if (referencePrecision === null) {
    throw new QschedError(
      'usage',
      `objective.goal is "repair", but ${model} has no full-precision network to compare with; it has ${precisions.join(', ')}.`,
      'Add one, or leave out objective.goal.',
    );
  }
  if (precision !== referencePrecision) return;
  const others = precisions.filter((one) => one !== referencePrecision);
  throw new QschedError(
    'usage',
    `objective.goal is "repair", but ${precision} is the full-precision network of ${model} itself: there is nothing to repair.`,
    others.length === 0
      ? 'Leave out objective.goal.'
      : `Search another precision: ${others.map((one) => `--precision ${one}`).join(' or ')}`,
  );
}
