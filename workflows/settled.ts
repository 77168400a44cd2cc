/**
 * Networks of a spec that its model may have to complete: a worker describes the model, and its defaults take the place of
 * what the user left out.
 */
import { pipelineOptions } from '../contract/pipeline-choice.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { settleSearch } from '../contract/settle-search.js';
import type { NetworkDescription } from '../contract/wire/describe.js';
import { scorersAsked } from '../metrics/objectives/scorers-asked.js';
import { describeNetwork } from './describe.js';

/** A complete spec with its networks. */
interface Settled {
  readonly spec: SearchSpec;
  readonly quantised: NetworkDescription;
  /** The full-precision network, if it was asked for. */
  readonly reference: NetworkDescription | null;
}

/**
 * Scorers that only the model names are described in a second round.
 *
 * @param input a SearchSpec as a user wrote it
 * @param read the same, with what fits the bundled model in place of what was left out
 * @throws QschedError (usage): what the model leaves open and the user left open too; the worker's failure
 */
export async function describeSettled(input: unknown, read: SearchSpec, withReference: boolean): Promise<Settled> {
  const { model, waitForWorker: waitSeconds } = read;
  const { precision = 'default' } = input as { precision?: string };
  const describe = async (of: string, { objective, confirm, ...spec }: SearchSpec) => {
    const scorers = scorersAsked(objective, confirm.scorers);
    const one = (which: string) =>
      describeNetwork({ model, precision: which, scorers, waitSeconds, options: pipelineOptions(spec) });
    const [quantised, reference] = await Promise.all([one(of), withReference ? one('reference') : null]);
    return { quantised, reference };
  };
  const first = await describe(precision, read);
  const spec = settleSearch(input, first.quantised);
  const known = new Set(first.quantised.scorers.map(({ role }) => role));
  const complete = scorersAsked(spec.objective, spec.confirm.scorers).every((scorer) => known.has(scorer));
  return { spec, ...(complete ? first : await describe(spec.precision, spec)) };
}
