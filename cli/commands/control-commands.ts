/**
 * Live control: `qsched pause|unpause|priority` of a search, an evaluation or a gate, `qsched stop|extend|enqueue` of a search. The
 * workflow decides what it accepts.
 */
import { QschedError } from '../../contract/errors.js';
import type { Steered, UpdateName } from '../follow/send-update.js';
import { steer } from '../follow/steer.js';
import type { Given } from '../input/flag.js';
import type { ENQUEUE, EXTEND } from '../input/flags.js';
import { readCoefficients } from '../input/read-coefficients.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { storedRun } from '../input/stored-run.js';
import { number, numbers } from '../input/values.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';

/** The field of the id in JSON. */
const ID_FIELDS = { search: 'searchId', evaluation: 'evaluateId', gate: 'gateId' } as const;

/** Updates that evaluations and gates take too. */
const HOLDS: readonly UpdateName[] = ['pause', 'unpause', 'priority'];

/** Sends an update to what is stored by this name, and prints what it answers. @returns the exit code */
async function control(named: string, name: UpdateName, flags: GlobalOptions, input?: unknown): Promise<number> {
  const steered = withStore((store): Steered => {
    const run = storedRun(store, named);
    if (run === undefined) return { id: requireSearch(store, named).id, what: 'search' };
    if (HOLDS.includes(name)) return run;
    throw new QschedError(
      'usage',
      `"${run.id}" is ${run.what === 'gate' ? 'a gate' : 'an evaluation'}: ${name} is for searches.`,
      `It is held with npx qsched pause ${run.id}, and ended with npx qsched cancel ${run.id}`,
    );
  });
  const message = await steer(steered, name, input);
  if (flags.json) printJson({ [ID_FIELDS[steered.what]]: steered.id, update: name, message });
  else print(message);
  return 0;
}

/** Gives no further block out until it is let go. @returns the exit code */
export const pauseCommand = (id: string, flags: GlobalOptions): Promise<number> => control(id, 'pause', flags);

/** Lets go on what was paused. @returns the exit code */
export const unpauseCommand = (id: string, flags: GlobalOptions): Promise<number> => control(id, 'unpause', flags);

/** Ends the search for candidates: the best so far proceeds to the verdict. @returns the exit code */
export const stopCommand = (search: string, flags: GlobalOptions): Promise<number> => control(search, 'stop', flags);

/** Gives a running search a larger budget. @returns the exit code */
export async function extendCommand(search: string, flags: Given<typeof EXTEND> & GlobalOptions): Promise<number> {
  if (flags.budget === undefined) {
    throw new QschedError('usage', 'extend needs --budget.', `For example: npx qsched extend ${search} --budget 64`);
  }
  return control(search, 'extend', flags, number(flags.budget));
}

/** Puts a candidate in front of the optimizer's next ones. @returns the exit code */
export async function enqueueCommand(search: string, flags: Given<typeof ENQUEUE> & GlobalOptions): Promise<number> {
  const { coefficients, sample, noise } = flags;
  const byHand = sample !== undefined || noise !== undefined;
  if (byHand === (coefficients !== undefined)) {
    throw new QschedError(
      'usage',
      byHand ? '--coefficients excludes --sample and --noise.' : 'enqueue needs a candidate.',
      `For example: npx qsched enqueue ${search} --sample 0.95,1 --noise 1,1.02; or --coefficients schedule.json`,
    );
  }
  if (coefficients !== undefined) {
    return control(search, 'enqueue', flags, { coefficients: readCoefficients(coefficients) });
  }
  const listed = {
    ...(sample === undefined ? {} : { sample: numbersOf('--sample', sample) }),
    ...(noise === undefined ? {} : { noise: numbersOf('--noise', noise) }),
  };
  return control(search, 'enqueue', flags, listed);
}

/** Sets whose images are scored first. @returns the exit code */
export const priorityCommand = (id: string, value: string, flags: GlobalOptions): Promise<number> =>
  control(id, 'priority', flags, number(value));

function numbersOf(flag: string, text: string): number[] {
  const list = numbers(text);
  const wrong = list.find((value) => typeof value !== 'number');
  if (wrong !== undefined) {
    throw new QschedError('usage', `${flag} has "${wrong}", which is not a number.`, `For example ${flag} 0.95,1`);
  }
  return list as number[];
}
