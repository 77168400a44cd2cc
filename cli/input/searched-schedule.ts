/**
 * The schedule that a finished search ended with, as a document. The model's files are not needed.
 */
import type { Store } from '../../db/open-store.js';
import { searchedBaseline } from '../../db/searched-baseline.js';
import { canonicalJson } from '../../contract/canonical-json.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { QschedError } from '../../contract/errors.js';
import { pipelineChoice, pipelineOptions } from '../../contract/pipeline-choice.js';
import {
  scaleFused,
  SCHEDULE_FORMAT,
  type CompleteSchedule,
  type FusedDocument,
} from '../../contract/schedule-document.js';
import { isClipped } from '../../contract/schedule-step.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { say } from '../text/output.js';
import { signed } from '../../report/text/numbers.js';
import type { StoredSearch } from './stored-search.js';

/** Which result of a search. */
export const WHICH = ['recommended', 'finalist', 'best', 'identity'] as const;
export type Which = (typeof WHICH)[number];

/** What a search ended with. */
export interface SearchedCoefficients {
  /** `identity` if it is the baseline. */
  readonly kind: 'q-sched' | 'identity';
  readonly coefficients: Coefficients;
}

/**
 * Coefficients of a finished search; what is worth knowing about the choice is told on stderr.
 *
 * @throws QschedError: (failure) the search is not finished; (usage) its scheduler clips
 */
export function searchedCoefficients(store: Store, search: StoredSearch, which: Which): SearchedCoefficients {
  const { result } = search;
  if (result === null) {
    throw new QschedError(
      'failure',
      `The search "${search.id}" is ${search.status}: it has no verdict yet.`,
      `Finish it: npx qsched resume ${search.id}`,
    );
  }
  refuseClipped(searchedBaseline(store, search), search);
  const { recommend, gain, low, high, prompts } = result.heldOut;
  const calibrated = which === 'recommended' ? recommend === 'calibrated' : which !== 'identity';
  if (which === 'recommended' && !calibrated) {
    say(
      `note: the baseline is exported (all coefficients 1), because the finalist is not recommended: its gain is ${signed(gain)} [${signed(low)}, ${signed(high)}] on ${prompts} held-out prompts; --which finalist exports the searched coefficients`,
    );
  }
  if (calibrated && which === 'recommended' && result.linear?.recommend === 'linear') {
    say(
      `note: linear coefficients are as good: npx qsched export ${result.linear.searchId} writes those of its linear search`,
    );
  }
  if (calibrated && which !== 'recommended' && recommend !== 'calibrated') {
    say('note: these coefficients are not recommended by the verdict, which the export carries');
  }
  const chosen = which === 'best' ? result.best.coefficients : result.finalist;
  return calibrated
    ? { kind: 'q-sched', coefficients: chosen }
    : { kind: 'identity', coefficients: result.identity.coefficients };
}

/** @throws QschedError (usage) if the search's scheduler clips: there is nothing to multiply into its steps */
function refuseClipped(identity: FusedDocument | null, { id, spec: { scheduler } }: StoredSearch): void {
  const clipped = identity?.steps.find(isClipped);
  if (clipped === undefined) return;
  throw new QschedError(
    'usage',
    `The scheduler "${scheduler.type}" of the search "${id}" clips its predicted sample to [-${clipped.clip}, ${clipped.clip}]: its steps have no fused form to export.`,
    "Multiply the sample by c^x and the network's output by c^eps before scheduler.step, which then clips: `npx qsched schedules` lists the schedule of the search, `npx qsched schedule show ID` prints its coefficients.",
  );
}

/** The document, from the fused steps with which the search was scored. @throws QschedError (failure) if they are not stored */
export function searchedSchedule(
  store: Store,
  search: StoredSearch,
  which: Which,
  { kind, coefficients }: SearchedCoefficients,
): CompleteSchedule {
  const { id: searchId, spec, result } = search;
  const identity = searchedBaseline(store, search);
  if (identity === null) {
    throw new QschedError('failure', `The steps of the search "${searchId}" are not stored.`, 'Run the search again.');
  }
  const { model, precision, scheduler } = spec;
  return {
    format: SCHEDULE_FORMAT,
    kind,
    model,
    precision,
    ...pipelineOf(spec),
    searchId,
    which,
    scheduler: { ...scheduler, ...configOf(spec, identity) },
    heldOut: result?.heldOut,
    timesteps: identity.steps.map(({ timestep }) => timestep),
    coefficients,
    fused: scaleFused(identity, coefficients),
    identity,
  };
}

/** How the model was run, where that is not its own way. */
function pipelineOf(spec: SearchSpec): Pick<CompleteSchedule, 'pipeline'> {
  const pipeline = pipelineChoice(spec);
  return Object.keys(pipeline).length === 0 ? {} : { pipeline };
}

/** The scheduler_config.json of the model, if it is here and still gives these steps. */
function configOf(
  { model, precision, scheduler, ...choice }: SearchSpec,
  identity: FusedDocument,
): Pick<CompleteSchedule['scheduler'], 'config'> {
  try {
    const folder = openModelFolder(model, precision, undefined, pipelineOptions(choice));
    const same = canonicalJson(schedulerOf(folder, scheduler).schedule()) === canonicalJson(identity);
    return same ? { config: folder.schedulerConfig } : {};
  } catch {
    return {};
  }
}
