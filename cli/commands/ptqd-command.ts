/**
 * `qsched ptqd`: fits the paper's baseline for one model and stores it as a schedule.
 */
import { checkFiles } from '../../inference/prepare/prepare.js';
import { QschedError } from '../../contract/errors.js';
import type { PtqdResult } from '../../contract/study-payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { suggestion } from '../../contract/suggestion.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { visitHost, type RunWorkflow } from '../host/run-workflow.js';
import { scheduleText } from '../text/schedule-text.js';
import { readSpec, type SpecFlags } from '../input/spec-input.js';
import { stepCount } from '../../contract/step-count.js';

const GAMMA = ['std', 'regression'];
const BIAS = ['channel', 'step'];

/** Flags of `ptqd`; those of the spec too. */
export interface PtqdFlags extends GlobalOptions, SpecFlags {
  readonly gamma?: string;
  readonly bias?: string;
  readonly wait?: boolean;
}

/** What a fit is asked for, checked. */
export interface PtqdRequest {
  readonly search: SearchSpec;
  readonly gamma: string;
  readonly bias: string;
}

/** @throws QschedError (usage): unknown gamma or bias, full precision, or a spec that does not fit */
export function ptqdRequest(flags: PtqdFlags): PtqdRequest {
  const { gamma = 'std', bias = 'channel' } = flags;
  if (!GAMMA.includes(gamma)) throw new QschedError('usage', `--gamma is "${gamma}".`, suggestion(gamma, GAMMA));
  if (!BIAS.includes(bias)) throw new QschedError('usage', `--bias is "${bias}".`, suggestion(bias, BIAS));
  const search = readSpec(undefined, { ...flags, control: 'evaluate' });
  if (search.precision === 'fp32') {
    throw new QschedError(
      'usage',
      '--precision is "fp32": PTQD corrects a quantised network.',
      'Choose a quantised precision, such as w4a8.',
    );
  }
  checkFiles(search);
  return { search, gamma, bias };
}

/** Fits and stores. */
export const fitAndStore = (run: RunWorkflow, request: PtqdRequest): Promise<PtqdResult> =>
  run<PtqdResult>('ptqd', request);

/** @returns the exit code; 130 where Ctrl-C was pressed */
export async function ptqdCommand(flags: PtqdFlags): Promise<number> {
  const request = ptqdRequest(flags);
  const { search, gamma, bias } = request;
  const { type, steps, eta } = search.scheduler;
  const network = `${search.model} ${search.precision}`;
  say(`fitting PTQD for ${network}, ${type}, ${stepCount(steps)}, eta ${eta}: gamma by ${gamma}, one bias a ${bias}`);
  const outcome = await visitHost({ models: [search.model], wait: flags.wait ?? false }, (run) =>
    fitAndStore(run, request),
  );
  if (outcome === null) return 130;
  const { result } = outcome;
  if (flags.json) printJson(result);
  else {
    const when = result.seconds === 0 ? 'found as it was fitted before' : `in ${result.seconds.toFixed(1)} s`;
    print(`${result.id}\nPTQD of ${network}, fitted on ${result.trajectories} trajectories, ${when}\n`);
    print(scheduleText(result.document, null));
    if (eta === 0) print('\n  eta 0 draws no noise: only bias and correlation are corrected');
  }
  return 0;
}
