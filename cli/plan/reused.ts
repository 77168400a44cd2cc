/**
 * What of a planned search the database has already: the baseline, and the candidates that are known before they are asked,
 * which are those of a stored search with the same id.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { scorersOf } from '../../contract/objective-plan.js';
import type { BatchReference, Stage } from '../../contract/payloads.js';
import type { PreparedNetwork } from '../../contract/prepared-network.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { pipelineOptions } from '../../contract/pipeline-choice.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { knownEvaluations } from '../../db/evaluations.js';
import { candidateId, promptId } from '../../db/keys.js';
import type { Store } from '../../db/open-store.js';
import { trialsOfStage, type StoredTrial } from '../../db/stored-asks.js';
import { identityCoefficients } from '../../diffusion/coefficients.js';
import { describeNetwork } from '../../inference/describe.js';
import { isSlowToHash } from '../../inference/models/file-hashes.js';
import { scorersAsked } from '../../metrics/objectives/scorers-asked.js';
import { planSearch, type PlannedSearch } from '../../planning/search.js';
import type { Serving } from '../host/serving.js';
import type { NetworkHere } from './counted-network.js';

/** Candidates of each stage whose evaluations are all stored, and their images. */
export interface Reused {
  readonly images: number;
  readonly baseline: number;
  readonly search: number;
  readonly select: number;
  readonly confirm: number;
  readonly control: number;
}

export const NOTHING_REUSED: Reused = { images: 0, baseline: 0, search: 0, select: 0, confirm: 0, control: 0 };

/** More evaluations are not looked up. */
const MAX_LOOKED_UP = 200_000;

/**
 * What identifies the scores of a planned search, if some of them may be stored.
 *
 * @returns null if none can be stored, or if it would take long to know: large files that were never hashed
 */
export async function identified(
  spec: SearchSpec,
  networks: readonly NetworkHere[],
  serving: Serving,
): Promise<PlannedSearch | null> {
  if (networks.some(({ folder: { folder, files } }) => files.some((file) => isSlowToHash(join(folder, file))))) {
    return null;
  }
  return describeAll(spec, networks, serving);
}

async function describeAll(
  spec: SearchSpec,
  networks: readonly NetworkHere[],
  { device, batch }: Serving,
): Promise<PlannedSearch | null> {
  const { model, objective, confirm } = spec;
  const arithmetic = { ...(device === undefined ? {} : { device }), ...(batch === undefined ? {} : { batch }) };
  const scorers = scorersAsked(objective, confirm.scorers);
  const described = networks.map(({ precision }) =>
    describeNetwork({ version: WIRE_VERSION, model, precision, options: pipelineOptions(spec), scorers }, arithmetic),
  );
  try {
    const [quantised, reference = null] = await Promise.all(described);
    return planSearch(spec, quantised!, reference);
  } catch (error) {
    // It is told when the search is started: a model that does not fit in the memory here, for example.
    if (error instanceof QschedError) return null;
    throw error;
  }
}

/** @returns null for more candidates than are looked up */
export function reusedBy(
  store: Store,
  { searchId: id, spec }: { readonly searchId: string; readonly spec: SearchSpec },
  { plan, opening }: PlannedSearch,
): Reused | null {
  const identity = { coefficients: identityCoefficients(spec.scheduler.steps), raced: null };
  const own = Object.keys(scorersOfPlan(plan.quantised));
  let images = 0;
  /** Candidates of a stage that need nothing. */
  const stored = (stage: BatchReference['stage'], trials: readonly StoredTrial[]): number => {
    const split: Stage = stage === 'control' ? 'confirm' : stage;
    const { contexts } = stage === 'control' ? plan.reference! : plan.quantised;
    const wanted = split === 'confirm' ? contexts : Object.fromEntries(own.map((role) => [role, contexts[role]!]));
    const nouns = opening.nouns?.[split];
    const prompts = opening.texts[split].map((text, i) => promptId(text, nouns?.[i] ?? null));
    const { seeds } = plan.splits[split];
    return trials.filter(({ coefficients, raced }) => {
      const known = knownEvaluations(store, wanted, candidateId(coefficients), prompts, seeds);
      const pairs = known.filter((one) => one !== undefined).length;
      const complete = pairs >= (raced ?? known.length);
      if (complete) images += pairs;
      return complete;
    }).length;
  };
  const asked = trialsOfStage(store, id, 'calibration').slice(1);
  if (asked.length * plan.splits.calibration.count * plan.splits.calibration.seeds.length > MAX_LOOKED_UP) return null;
  const counts = {
    baseline: stored('calibration', [identity]),
    search: stored('calibration', asked),
    select: stored('select', trialsOfStage(store, id, 'select')),
    confirm: stored('confirm', [identity, ...trialsOfStage(store, id, 'confirm').slice(1)]),
    control:
      plan.reference === null ? 0 : stored('control', [identity, ...trialsOfStage(store, id, 'control').slice(1)]),
  };
  return { ...counts, images };
}

const scorersOfPlan = ({ objective, contexts }: PreparedNetwork): Record<string, string> =>
  Object.fromEntries(scorersOf(objective).map((role) => [role, contexts[role]!]));
