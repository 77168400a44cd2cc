/**
 * `qsched study ptqd`: identity, PTQD and Q-Sched side by side on held-out prompts.
 */
import { existsSync } from 'node:fs';
import { openStore, type Store } from '../../db/open-store.js';
import { latestFinalist } from '../../db/resolve-schedules.js';
import { differingField } from '../../db/same-scheduler.js';
import { listSchedules, scheduleOfSearch } from '../../db/schedules.js';
import { identityCoefficients } from '../../diffusion/coefficients.js';
import { canonicalJson } from '../../contract/canonical-json.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { QschedError } from '../../contract/errors.js';
import type { CompareResult, Variant } from '../../contract/study-payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { databasePath } from '../host/host.js';
import { visitHost } from '../host/run-workflow.js';
import { withCurrentStore } from '../input/stored-search.js';
import { print, printJson, say } from '../text/output.js';
import { besideIdentity, sideBySideText } from '../text/side-by-side.js';
import { fitAndStore, ptqdRequest, type PtqdFlags } from './ptqd-command.js';
import { requireSchedule } from './schedule-command.js';
import { stepCount } from '../../contract/step-count.js';

/** Characters of an id that people read. */
const SHORT_ID = 12;

/** Flags of `study ptqd`. */
export interface PtqdStudyFlags extends PtqdFlags {
  readonly schedule?: string;
}

/** @returns the exit code; 130 where Ctrl-C was pressed */
export async function ptqdStudy(flags: PtqdStudyFlags): Promise<number> {
  const request = ptqdRequest(flags);
  const { search, gamma, bias } = request;
  const { model, precision, scheduler } = search;
  const tuned = flags.schedule === undefined ? latestTuned(search) : namedTuned(flags.schedule, search);
  const schedules = `identity, PTQD, Q-Sched ${tuned.id.slice(0, SHORT_ID)} on ${search.confirm.count} held-out prompts`;
  say(`${model} ${precision}, ${scheduler.type}, ${stepCount(scheduler.steps)}, eta ${scheduler.eta}: ${schedules}`);
  const outcome = await visitHost({ models: [model], wait: flags.wait ?? false }, async (run) => {
    const fit = await fitAndStore(run, request);
    const identity = identityCoefficients(scheduler.steps);
    const variants: Variant[] = [
      { name: 'identity', coefficients: identity },
      { name: 'ptqd', coefficients: identity, ptqd: fit.document.ptqd! },
      { name: 'q-sched', coefficients: tuned.coefficients },
    ];
    return { fit, compared: await run<CompareResult>('compare', { search: { ...search, control: 'none' }, variants }) };
  });
  if (outcome === null) return 130;
  const { fit, compared } = outcome.result;
  const { prompts } = compared;
  const rows = besideIdentity(compared);
  if (flags.json) {
    printJson({ model, precision, scheduler, gamma, bias, prompts, ptqd: fit.id, qsched: tuned.id, rows });
    return 0;
  }
  print(sideBySideText(rows));
  const fitted = `PTQD fitted with gamma by ${gamma}, one bias a ${bias}, on ${fit.trajectories} trajectories`;
  print(`\n  ${prompts} held-out prompts; gain over the identity, paired by prompt; ${fitted}`);
  print(`  schedules: PTQD ${fit.id.slice(0, SHORT_ID)}, Q-Sched ${tuned.id.slice(0, SHORT_ID)}`);
  return 0;
}

/** Coefficients to show as Q-Sched's, and the id that names them: of the stored schedule, else of the search. */
interface Tuned {
  readonly id: string;
  readonly coefficients: Coefficients;
}

/** Those of the search of this network and scheduler that finished last. @throws QschedError (usage) where none has */
function latestTuned(search: SearchSpec): Tuned {
  const read = (store: Store): Tuned => {
    const { id, finalist } = latestFinalist(store, search);
    return { id: scheduleOfSearch(store, id) ?? alike(store, search, finalist) ?? id, coefficients: finalist };
  };
  return existsSync(databasePath()) ? withCurrentStore(read) : read(openStore(':memory:'));
}

/** The schedule of the same coefficients: a database of an older version did not keep who else had made it. */
const alike = (store: Store, { model, scheduler }: SearchSpec, coefficients: Coefficients): string | undefined =>
  listSchedules(store).find(
    ({ document: one }) =>
      one.model === model &&
      one.ptqd === undefined &&
      differingField(one.scheduler, scheduler) === undefined &&
      canonicalJson(one.coefficients) === canonicalJson(coefficients),
  )?.id;

function namedTuned(name: string, { scheduler }: SearchSpec): Tuned {
  const {
    id,
    document: { scheduler: made, ptqd, coefficients },
  } = requireSchedule(name);
  const what = `The schedule ${id.slice(0, SHORT_ID)}`;
  const field = differingField(made, scheduler);
  if (field !== undefined) {
    throw new QschedError(
      'usage',
      `${what} was made for ${field} ${String(made[field])}, but this study has ${field} ${String(scheduler[field])}.`,
      'Choose another --schedule, or the same scheduler, steps and eta.',
    );
  }
  if (ptqd !== undefined) {
    throw new QschedError('usage', `${what} is PTQD's own.`, 'Name one with coefficients: see npx qsched schedules.');
  }
  return { id, coefficients };
}
