/**
 * What `qsched generate` samples: a network, and a schedule of it with its source.
 */
import { existsSync } from 'node:fs';
import type { Coefficients } from '../../contract/coefficients.js';
import { QschedError } from '../../contract/errors.js';
import { pipelineChoice, pipelineOptions, type PipelineChoice } from '../../contract/pipeline-choice.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { toWireSchedule, type WireSchedule } from '../../contract/wire/schedule.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { openModelFolder, type ModelFolder } from '../../inference/models/model-folder.js';
import { flagName, type Given } from '../input/flag.js';
import { NETWORK, type GENERATE } from '../input/flags.js';
import { readSpec } from '../input/spec-input.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { readScheduleFile } from '../input/schedule-file.js';
import { requireSchedule, SHORT_ID } from './schedule-command.js';

type GenerateFlags = Given<typeof GENERATE>;

/** A network and a schedule. */
export interface Sampling {
  readonly model: ModelFolder;
  readonly scheduler: Pick<SearchSpec['scheduler'], 'type' | 'steps' | 'eta'>;
  /** With coefficients inside. */
  readonly steps: WireSchedule;
  /** Where the schedule is from, in words. */
  readonly source: string;
  readonly coefficients: Coefficients;
}

/** Flags that a schedule decides. */
const SCHEDULE_FLAGS = ['preset', 'scheduler', 'spacing', 'steps', 'eta'] as const;

/** @throws QschedError (usage): wrong flags, or a schedule that does not exist or fit */
export function samplingOf(flags: GenerateFlags): Sampling {
  const { schedule, search } = flags;
  if (schedule !== undefined && search !== undefined) {
    throw new QschedError('usage', '--schedule and --search both name a schedule.', 'Give one of them.');
  }
  if (search === undefined && (schedule === undefined || schedule === 'identity')) return ofBaseline(flags);
  const other = SCHEDULE_FLAGS.find((key) => flags[key] !== undefined);
  if (other !== undefined) {
    const named = search === undefined ? '--schedule' : '--search';
    throw new QschedError('usage', `${flagName(other)} is part of the schedule that ${named} names.`, 'Leave it out.');
  }
  return search === undefined ? ofDocument(schedule!, flags) : ofSearch(search, flags);
}

function ofBaseline(flags: GenerateFlags): Sampling {
  const { spec } = readSpec(undefined, networkOf(flags));
  const model = openModelFolder(spec.model, spec.precision, undefined, pipelineOptions(spec));
  const ones = new Array<number>(spec.scheduler.steps).fill(1);
  return {
    model,
    scheduler: spec.scheduler,
    steps: toWireSchedule(schedulerOf(model, spec.scheduler).schedule()),
    source: 'the baseline, all coefficients 1 (others: --search, --schedule)',
    coefficients: { sample: ones, noise: ones },
  };
}

function ofSearch(id: string, flags: GenerateFlags): Sampling {
  const { id: searchId, spec, result, status } = withStore((store) => requireSearch(store, id));
  if (result === null) {
    throw new QschedError(
      'usage',
      `The search "${searchId}" is ${status}: it has no verdict yet.`,
      `Finish it: npx qsched resume ${searchId}`,
    );
  }
  const model = networkFor({ ...spec, ...pipelineChoice(spec) }, flags);
  const { recommend } = result.heldOut;
  return {
    model,
    scheduler: spec.scheduler,
    steps: toWireSchedule(schedulerOf(model, spec.scheduler).schedule(result.finalist)),
    source: `the finalist of ${searchId}${recommend === 'calibrated' ? '' : ', which its verdict does not recommend'}`,
    coefficients: result.finalist,
  };
}

/** A file, or a stored schedule. */
function ofDocument(name: string, flags: GenerateFlags): Sampling {
  const stored = existsSync(name) ? null : requireSchedule(name);
  const document = stored?.document ?? readScheduleFile(name);
  const { model, precision, pipeline = {}, scheduler, coefficients, kind, fused } = document;
  return {
    model: networkFor({ model, precision, ...pipeline }, flags),
    scheduler,
    steps: toWireSchedule(fused),
    source: `${stored === null ? name : `the schedule ${stored.id.slice(0, SHORT_ID)}`} (${kind})`,
    coefficients,
  };
}

/** The network that a schedule was made for, but for what flags say. */
function networkFor(
  own: PipelineChoice & { readonly model?: string | undefined; readonly precision?: string | undefined },
  flags: GenerateFlags,
): ModelFolder {
  const model = flags.model ?? own.model;
  const precision = flags.precision ?? (flags.model === undefined ? own.precision : undefined);
  const named = { ...networkOf(flags), ...(model === undefined ? {} : { model }) };
  const { spec } = readSpec(undefined, { ...named, ...(precision === undefined ? {} : { precision }) });
  const options = pipelineOptions({ ...pipelineChoice(own), ...pipelineChoice(spec) });
  return openModelFolder(spec.model, spec.precision, undefined, options);
}

const networkOf = (flags: GenerateFlags): Given<typeof NETWORK> =>
  Object.fromEntries(Object.entries(flags).filter(([key]) => key in NETWORK)) as Given<typeof NETWORK>;
