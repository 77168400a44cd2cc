/**
 * A described network, planned for one scheduler and its scorers: fused steps, contexts, fingerprints.
 */
import { hashOf } from '../artefacts/artefact-keys.js';
import { QschedError } from '../contract/errors.js';
import type { ContextRecord } from '../contract/payloads.js';
import type { PreparedNetwork, PreparedScorer } from '../contract/prepared-network.js';
import type { SearchSpec } from '../contract/search-spec.js';
import type { FoundScorer, NetworkDescription } from '../contract/wire/describe.js';
import { toWireSchedule } from '../contract/wire/schedule.js';
import { leftBehindNote } from '../diffusion/other-sampler.js';
import { schedulerOf } from '../diffusion/scheduler-of.js';
import { planScorers, requireScorer, type ScorerChoice } from './scorers.js';

/** What a network is planned for. */
export interface NetworkPlan extends ScorerChoice {
  readonly scheduler: SearchSpec['scheduler'];
  /** The scorer whose features carry distances; null without distances. */
  readonly features: string | null;
}

/**
 * A network with its identities. The provenance of a context is what its id is the hash of: everything that a score
 * depends on beside coefficients, prompt and seed.
 *
 * @throws QschedError (usage): the scheduler, the objective or a scorer does not fit this model
 */
export function planNetwork(
  description: NetworkDescription,
  { scheduler: choice, features, ...scorerChoice }: NetworkPlan,
): { prepared: PreparedNetwork; contexts: ContextRecord[] } {
  const { model, precision, options, files, numeric, preprocessing } = description;
  const { scorers, objective, judged } = planScorers(scorerChoice, description);
  const featureScorer = features === null ? null : requireFeatures(description, features);
  const schedule = schedulerOf(description, choice).schedule();
  const leftBehind = leftBehindNote(choice.type, description.schedulerConfig);
  const extra = {
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(Object.keys(preprocessing).length === 0 ? {} : { preprocessing }),
  };
  const contexts = scorers.map(({ role, provenance: scorer }): ContextRecord => {
    const provenance = { files, precision, schedule, scorer, numeric, ...extra };
    return { id: hashOf(provenance), model, precision, scorer: role, provenance };
  });
  const prepared: PreparedNetwork = {
    model,
    precision,
    scheduler: choice,
    wire: { model, precision, options, network: description.network },
    scoreQueue: description.scoreQueue,
    batches: description.batches,
    numeric: Object.entries(numeric)
      .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(', '),
    schedule: toWireSchedule(schedule),
    scorers: scorers.map(preparedScorer),
    features: featureScorer === null ? null : preparedScorer(featureScorer),
    reference: featureScorer === null ? null : (description.references[featureScorer.name] ?? null),
    contexts: Object.fromEntries(contexts.map(({ scorer, id }) => [scorer, id])),
    objective,
    judged,
    readsNouns: scorers.some(({ usesNouns }) => usesNouns),
    notes: [...description.notes, ...(leftBehind === null ? [] : [leftBehind]), ...labels(scorers)],
  };
  return { prepared, contexts };
}

/** The scorer that carries distances. @throws QschedError (usage) if it is not there, or has no features */
export function requireFeatures(facts: Pick<NetworkDescription, 'scorers'>, role: string): FoundScorer {
  const found = requireScorer(facts, role);
  if (found.hasFeatures) return found;
  throw new QschedError(
    'usage',
    `features names the scorer "${role}" (${found.kind}), which has no features: it cannot carry a Frechet distance.`,
    'Name a CLIP, inception or cmmd folder, or leave distances out with features: null (--features none).',
  );
}

const preparedScorer = ({ role, name, kind, names, provenance }: FoundScorer): PreparedScorer => ({
  role,
  name,
  kind,
  names,
  fingerprint: hashOf(provenance),
});

const labels = (scorers: readonly FoundScorer[]): string[] =>
  scorers.flatMap(({ role, label }) => (label === null ? [] : [`The scorer "${role}" is ${label}.`]));
