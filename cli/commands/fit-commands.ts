/**
 * `qsched ptqd` and `qsched match`: what fits a quantised network to the full-precision one without a search, PTQD (the
 * paper's baseline method) or the least-squares match, for one model. The schedule is stored.
 */
import { REFERENCE_PRECISION } from '../../inference/models/model-folder.js';
import { QschedError } from '../../contract/errors.js';
import { FIT_METHODS } from '../../contract/fit-methods.js';
import type { FitChoice, FitResult } from '../../contract/fit-payloads.js';
import { stepCount } from '../../contract/step-count.js';
import { FIT, followedFit, type FitRequest } from '../follow/follow-fit.js';
import { runToEnd } from '../follow/visit-host.js';
import { servingOf } from '../host/serving.js';
import { checkFit } from '../input/check-here.js';
import type { Given } from '../input/flag.js';
import type { HELD_OUT, MATCH, PTQD } from '../input/flags.js';
import { readSpec } from '../input/spec-input.js';
import { oneOf } from '../input/values.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { scheduleText } from '../text/schedule-text.js';

const GAMMA = ['std', 'regression'] as const;
const BIAS = ['channel', 'step'] as const;

type FitFlags = Given<typeof MATCH> & Given<typeof HELD_OUT>;

/** @throws QschedError (usage): unknown gamma or bias, full precision, or a spec that does not fit */
export function ptqdRequest(flags: Given<typeof PTQD> & FitFlags): FitRequest<FitChoice & { method: 'ptqd' }> {
  const gamma = oneOf('--gamma', flags.gamma ?? 'std', GAMMA);
  const bias = oneOf('--bias', flags.bias ?? 'channel', BIAS);
  return requestOf({ method: 'ptqd', gamma, bias }, flags);
}

/** @throws QschedError (usage): full precision, or a spec that does not fit */
function requestOf<C extends FitChoice>(choice: C, flags: FitFlags): FitRequest<C> {
  const { spec, input, places } = readSpec(undefined, { ...flags, control: 'evaluate' });
  if (spec.precision === REFERENCE_PRECISION) {
    throw new QschedError(
      'usage',
      `--precision is "${REFERENCE_PRECISION}", but ${FIT_METHODS[choice.method].subject} corrects a quantised network.`,
      'For example: --precision w4a8',
    );
  }
  places.named(() => checkFit(spec, choice.method));
  return { search: spec, input, choice };
}

/** @returns the exit code; 130 after Ctrl-C */
export async function ptqdCommand(flags: Given<typeof PTQD> & GlobalOptions): Promise<number> {
  const request = ptqdRequest(flags);
  const { gamma, bias } = request.choice;
  const { eta } = request.search.scheduler;
  const note = '\n  eta 0 adds no noise, so only bias and correlation are corrected';
  return run(request, flags, `: gamma by ${gamma}, one bias per ${bias}`, eta === 0 ? note : undefined);
}

/** @returns the exit code; 130 after Ctrl-C */
export async function matchCommand(flags: Given<typeof MATCH> & GlobalOptions): Promise<number> {
  return run(requestOf({ method: 'match' }, flags), flags);
}

async function run(request: FitRequest, flags: FitFlags & GlobalOptions, how = '', note?: string): Promise<number> {
  const { search, choice } = request;
  const { title } = FIT_METHODS[choice.method];
  const { type, steps, eta } = search.scheduler;
  const network = `${search.model} ${search.precision}`;
  say(`fitting ${title} of ${network}, ${type}, ${stepCount(steps)}, eta ${eta}${how}`);
  const outcome = await runToEnd<FitResult>({
    ...FIT,
    ...followedFit(request),
    models: [search.model],
    serving: servingOf(flags),
    wait: flags.wait ?? false,
  });
  if (outcome === null) return 130;
  const { result } = outcome;
  if (flags.json) {
    printJson(result);
    return 0;
  }
  const when = result.seconds === 0 ? 'reused from an earlier fit' : `in ${result.seconds.toFixed(1)} s`;
  print(`${result.id}\n${title} of ${network}, fitted on ${result.trajectories} trajectories, ${when}\n`);
  print(scheduleText(result.document, null));
  if (note !== undefined) print(note);
  return 0;
}
