/**
 * `qsched reproduce ptqd`: the baseline, PTQD and Q-Sched on held-out prompts, as one evaluation.
 */
import type { Store } from '../../db/open-store.js';
import { latestFinalist } from '../../db/resolve-schedules.js';
import { differingField } from '../../db/same-scheduler.js';
import { scheduleOfSearch } from '../../db/schedules.js';
import { QschedError } from '../../contract/errors.js';
import type { EvaluateResult, EvaluateSpec } from '../../contract/evaluate-spec.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { stepCount } from '../../contract/step-count.js';
import type { FitResult } from '../../contract/fit-payloads.js';
import { objectiveAt } from '../../contract/settled-k.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { EVALUATION, followedEvaluate } from '../follow/follow-evaluate.js';
import { followedFit } from '../follow/follow-fit.js';
import { visitHost } from '../follow/visit-host.js';
import { servingOf } from '../host/serving.js';
import type { Given } from '../input/flag.js';
import type { REPRODUCE } from '../input/flags.js';
import { scorerNames } from '../input/scorer-names.js';
import { withAnyStore } from '../input/stored-search.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { sideBySide, sideBySideTable } from '../text/side-by-side.js';
import { writeTable } from '../text/table-document.js';
import { ptqdRequest } from './fit-commands.js';
import { requireSchedule, SHORT_ID } from './schedule-command.js';

/** @returns the exit code; 130 after Ctrl-C */
export async function reproducePtqd(flags: Given<typeof REPRODUCE> & GlobalOptions): Promise<number> {
  const request = ptqdRequest(flags);
  const { search, choice } = request;
  const { gamma, bias } = choice;
  const { model, precision, scheduler, confirm } = search;
  const tuned = flags.schedule === undefined ? latestTuned(search) : namedTuned(flags.schedule, search);
  const schedules = `baseline, PTQD and Q-Sched ${tuned.id.slice(0, SHORT_ID)} on ${confirm.count} held-out prompts`;
  say(`${model} ${precision}, ${scheduler.type}, ${stepCount(scheduler.steps)}, eta ${scheduler.eta}: ${schedules}`);
  const visit = { ...EVALUATION, models: [model], serving: servingOf(flags), wait: flags.wait ?? false };
  const outcome = await visitHost(visit, async ({ host: { client }, follow }) => {
    const fitting = followedFit(request);
    await fitting.start(client, true);
    const fit = await follow<FitResult>(fitting);
    const evaluating = followedEvaluate(evaluationOf(search, `schedule:${fit.id}`, tuned.reference));
    await evaluating.start(client, true);
    return { fit, evaluated: await follow<EvaluateResult>(evaluating) };
  });
  if (outcome === null) return 130;
  const { fit, evaluated } = outcome.result;
  for (const warning of evaluated.warnings) say(`warning: ${warning}`);
  const rows = sideBySide(evaluated);
  const { count: prompts } = evaluated.prompts;
  if (flags.json) {
    printJson({ model, precision, scheduler, gamma, bias, prompts, ptqd: fit.id, qsched: tuned.id, rows });
    return 0;
  }
  print(writeTable(sideBySideTable(rows, scorerNames(model, rows))));
  const fitted = `PTQD fitted with gamma by ${gamma}, one bias per ${bias}, on ${fit.trajectories} trajectories`;
  print(`\n  ${prompts} held-out prompts; gain over the baseline, paired by prompt; ${fitted}`);
  print(`  schedules: PTQD ${fit.id.slice(0, SHORT_ID)}, Q-Sched ${tuned.id.slice(0, SHORT_ID)}`);
  return 0;
}

/** One row per schedule, on the held-out prompts and with the scorers of a search. */
function evaluationOf(search: SearchSpec, ptqd: string, tuned: string): EvaluateSpec {
  const { model, precision, scheduler, objective, confirm, waitForWorker } = search;
  const { set, texts, count, seeds, scorers } = confirm;
  const network = { model, precision, scheduler };
  return parseEvaluateSpec({
    rows: [
      { ...network, schedule: 'identity' },
      { ...network, schedule: ptqd, label: 'ptqd' },
      { ...network, schedule: tuned, label: 'q-sched' },
    ],
    prompts: { set, count, seeds, ...(texts === undefined ? {} : { texts }) },
    objective: objectiveAt(objective, undefined),
    scorers,
    features: null,
    waitForWorker,
  });
}

/** The coefficients to show as Q-Sched's. */
interface Tuned {
  /** Id of the stored schedule, or of the search if its schedule is not stored. */
  readonly id: string;
  /** How an evaluation refers to them. */
  readonly reference: string;
}

/** Those of the search of this network and scheduler that finished last. @throws QschedError (usage) if there is none */
const latestTuned = (search: SearchSpec): Tuned =>
  withAnyStore((store: Store): Tuned => {
    const { id } = latestFinalist(store, search);
    return { id: scheduleOfSearch(store, id) ?? id, reference: `search:${id}` };
  });

function namedTuned(name: string, { scheduler }: SearchSpec): Tuned {
  const {
    id,
    document: { scheduler: made, ptqd },
  } = requireSchedule(name);
  const what = `The schedule ${id.slice(0, SHORT_ID)}`;
  const field = differingField(made, scheduler);
  if (field !== undefined) {
    throw new QschedError(
      'usage',
      `${what} was made for ${field} ${String(made[field])}, but this study has ${field} ${String(scheduler[field])}.`,
      'Choose another --schedule, or use the same scheduler, steps and eta.',
    );
  }
  if (ptqd !== undefined) {
    throw new QschedError('usage', `${what} is a PTQD fit.`, 'Name one with coefficients: see npx qsched schedules.');
  }
  return { id, reference: `schedule:${id}` };
}
