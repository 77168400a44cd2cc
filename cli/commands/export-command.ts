/**
 * `qsched export`: the coefficients of a search, for other programs. The model's files are not needed.
 */
import { knownEvaluations, splitPrompts } from '../../db/evaluations.js';
import { candidateId } from '../../db/keys.js';
import type { Store } from '../../db/open-store.js';
import { searchedBaseline } from '../../db/searched-baseline.js';
import { searchContextIds } from '../../db/searches.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { canonicalJson } from '../../contract/canonical-json.js';
import { pipelineChoice, pipelineOptions } from '../../contract/pipeline-choice.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { QschedError } from '../../contract/errors.js';
import {
  scaleFused,
  SCHEDULE_FORMAT,
  type CompleteSchedule,
  type FusedDocument,
} from '../../contract/schedule-document.js';
import { isClipped } from '../../contract/schedule-step.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import type { Given } from '../input/flag.js';
import type { EXPORT } from '../input/flags.js';
import { requireSearch, withStore, type StoredSearch } from '../input/stored-search.js';
import { oneOf } from '../input/values.js';
import { printJson, say, writeResult, type GlobalOptions } from '../text/output.js';
import { referenceConfig } from '../text/reference-config.js';

const WHICH = ['recommended', 'finalist', 'best', 'identity'] as const;
const FORMATS = ['qsched', 'reference'] as const;

type ExportFlags = Given<typeof EXPORT> & GlobalOptions;

/** Writes coefficients, timesteps and fused steps as JSON, or the reference's fields. @returns the exit code */
export function exportCommand(id: string | undefined, flags: ExportFlags): number {
  const document = withStore((store) => exported(store, id, flags));
  if (flags.output === undefined) {
    printJson(document);
    return 0;
  }
  writeResult(flags.output, JSON.stringify(document, null, 2));
  if (flags.json) printJson({ output: flags.output });
  return 0;
}

function exported(store: Store, id: string | undefined, flags: ExportFlags) {
  const which = oneOf('--which', flags.which ?? 'recommended', WHICH);
  const format = oneOf('--format', flags.format ?? 'qsched', FORMATS);
  const search = requireSearch(store, id);
  const { spec, result } = search;
  if (result === null) {
    throw new QschedError(
      'failure',
      `The search "${search.id}" is ${search.status}: it has no verdict yet.`,
      `Finish it: npx qsched resume ${search.id}`,
    );
  }
  refuseClipped(searchedBaseline(store, search), search);
  const { recommend } = result.heldOut;
  const calibrated = which === 'recommended' ? recommend === 'calibrated' : which !== 'identity';
  if (which === 'recommended' && !calibrated) {
    say('note: the baseline is exported (all coefficients 1), because the finalist is not recommended; see --which');
  }
  if (calibrated && which === 'recommended' && result.linear?.recommend === 'linear') {
    say(
      `note: linear coefficients are as good: npx qsched export ${result.linear.searchId} writes those of its linear search`,
    );
  }
  const chosen = which === 'best' ? result.best.coefficients : result.finalist;
  const coefficients = calibrated ? chosen : result.identity.coefficients;
  if (format === 'reference') {
    return referenceConfig(coefficients, {
      model: spec.model,
      precision: spec.precision,
      eta: spec.scheduler.eta,
      objective: search.objective,
      rows: calibrationRows(store, search, coefficients),
    });
  }
  return scheduleOf(store, search, which, calibrated ? 'q-sched' : 'identity', coefficients);
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

/** The document, from the fused steps with which the search was scored. */
function scheduleOf(
  store: Store,
  search: StoredSearch,
  which: string,
  kind: CompleteSchedule['kind'],
  coefficients: Coefficients,
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

/** Raw terms of the objective's scorer on the calibration images; none if any of them is missing. */
function calibrationRows(
  store: Store,
  { id, spec }: StoredSearch,
  coefficients: Coefficients,
): Readonly<Record<string, number>>[] {
  const { scorer } = spec.objective;
  const context = searchContextIds(store, id, spec.precision)[scorer];
  if (context === undefined) return [];
  const known = knownEvaluations(
    store,
    { [scorer]: context },
    candidateId(coefficients),
    splitPrompts(store, id, 'calibration'),
    spec.prompts.seeds,
  );
  const rows = known.flatMap((one) => (one?.status === 'ok' ? [one.terms[scorer]!] : []));
  return rows.length === known.length ? rows : [];
}
