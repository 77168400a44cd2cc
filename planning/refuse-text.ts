/**
 * A model that reads no text is judged by the quality of its images alone.
 */
import { QschedError } from '../contract/errors.js';
import type { JudgedObjective } from '../contract/prepared-network.js';
import type { NetworkFacts } from '../contract/wire/describe.js';

/**
 * @param judged the search's own objective first
 * @throws QschedError (usage) naming the term that compares images with text
 */
export function refuseText(
  { model, unconditional }: Pick<NetworkFacts, 'model' | 'unconditional'>,
  [own, ...outside]: readonly [JudgedObjective, ...JudgedObjective[]],
): void {
  if (unconditional !== true) return;
  const reads = `The model "${model}" reads no text`;
  const [term] = own.plan.text;
  if (term !== undefined) {
    throw new QschedError(
      'usage',
      `${reads}, and the objective "${own.plan.type}" compares images with it (${term.term} of "${term.scorer}").`,
      'Set the objective to iq (--objective iq), or weigh scores of image quality.',
    );
  }
  for (const { scorer, plan } of outside) {
    const [other] = plan.text;
    if (other === undefined) continue;
    throw new QschedError(
      'usage',
      `${reads}, and the scorer "${scorer}" would judge by ${other.term}, which compares images with it.`,
      'Leave it out of confirm.scorers, or name a scorer of image quality.',
    );
  }
}
