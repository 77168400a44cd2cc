/**
 * `qsched ptqd`: fits PTQD, the paper's baseline method, for one model and stores it as a schedule.
 */
import { REFERENCE_PRECISION } from '../../inference/models/model-folder.js';
import { QschedError } from '../../contract/errors.js';
import { stepCount } from '../../contract/step-count.js';
import type { PtqdResult } from '../../contract/study-payloads.js';
import { FIT, followedPtqd, type PtqdRequest } from '../follow/follow-ptqd.js';
import { runToEnd } from '../follow/visit-host.js';
import { servingOf } from '../host/serving.js';
import { checkFit } from '../input/check-here.js';
import type { Given } from '../input/flag.js';
import type { HELD_OUT, PTQD } from '../input/flags.js';
import { readSpec } from '../input/spec-input.js';
import { oneOf } from '../input/values.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { scheduleText } from '../text/schedule-text.js';

const GAMMA = ['std', 'regression'] as const;
const BIAS = ['channel', 'step'] as const;

/** @throws QschedError (usage): unknown gamma or bias, full precision, or a spec that does not fit */
export function ptqdRequest(flags: Given<typeof PTQD> & Given<typeof HELD_OUT>): PtqdRequest {
  const gamma = oneOf('--gamma', flags.gamma ?? 'std', GAMMA);
  const bias = oneOf('--bias', flags.bias ?? 'channel', BIAS);
  const { spec, input, places } = readSpec(undefined, { ...flags, control: 'evaluate' });
  if (spec.precision === REFERENCE_PRECISION) {
    throw new QschedError(
      'usage',
      `--precision is "${REFERENCE_PRECISION}", but PTQD corrects a quantised network.`,
      'For example: --precision w4a8',
    );
  }
  places.named(() => checkFit(spec));
  return { search: spec, input, gamma, bias };
}

/** @returns the exit code; 130 after Ctrl-C */
export async function ptqdCommand(flags: Given<typeof PTQD> & GlobalOptions): Promise<number> {
  const request = ptqdRequest(flags);
  const { search, gamma, bias } = request;
  const { type, steps, eta } = search.scheduler;
  const network = `${search.model} ${search.precision}`;
  say(`fitting PTQD for ${network}, ${type}, ${stepCount(steps)}, eta ${eta}: gamma by ${gamma}, one bias per ${bias}`);
  const outcome = await runToEnd<PtqdResult>({
    ...FIT,
    ...followedPtqd(request),
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
  print(`${result.id}\nPTQD of ${network}, fitted on ${result.trajectories} trajectories, ${when}\n`);
  print(scheduleText(result.document, null));
  if (eta === 0) print('\n  eta 0 adds no noise, so only bias and correlation are corrected');
  return 0;
}
