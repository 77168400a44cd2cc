/**
 * `qsched export-optuna`: the calibration of a search as a study of Optuna, for its dashboard and its plots. Reads only the
 * database.
 */
import { and, eq, sql } from 'drizzle-orm';
import { candidates, trials, work } from '../../db/schema.js';
import type { Store } from '../../db/open-store.js';
import { coefficientSpace, coordinateOf } from '../../diffusion/coefficients.js';
import { stepCount } from '../../contract/step-count.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { QschedError } from '../../contract/errors.js';
import type { Given } from '../input/flag.js';
import type { EXPORT_OPTUNA } from '../input/flags.js';
import { requireSearch, withStore, type StoredSearch } from '../input/stored-search.js';
import { optunaJournal, type JournalStudy, type JournalTrial } from '../text/optuna-journal.js';
import { optunaNote } from '../text/optuna-note.js';
import { print, printJson, writeResult, type GlobalOptions } from '../text/output.js';

/** Writes the journal file. @returns the exit code */
export function exportOptunaCommand(
  id: string | undefined,
  flags: Given<typeof EXPORT_OPTUNA> & GlobalOptions,
): number {
  const study = withStore((store) => {
    const search = requireSearch(store, id);
    return studyOf(search, rowsOf(store, search.id));
  });
  if (study.trials.length === 0) {
    throw new QschedError('failure', `The search "${study.name}" has no candidate yet.`, 'Wait for its first trials.');
  }
  const output = flags.output ?? `${study.name}.journal`;
  writeResult(output, optunaJournal(study).trimEnd());
  if (flags.json) printJson({ output, study: study.name, trials: study.trials.length });
  else print(`open it: optuna-dashboard ${output}`);
  return 0;
}

type Row = ReturnType<typeof rowsOf>[number];

/** The calibration trials with the seconds that workers spent on each. */
const rowsOf = (store: Store, searchId: string) =>
  store
    .select({
      number: trials.number,
      status: trials.status,
      pairs: trials.pairs,
      score: trials.score,
      tc: trials.tc,
      iq: trials.iq,
      sample: candidates.sample,
      noise: candidates.noise,
      created: trials.createdAt,
      updated: trials.updatedAt,
      seconds: sql<number | null>`(select sum(${work.seconds}) from ${work} where ${work.searchId} = ${trials.searchId}
        and ${work.stage} = ${trials.stage} and ${work.number} = ${trials.number})`,
    })
    .from(trials)
    .innerJoin(candidates, eq(candidates.id, trials.candidateId))
    .where(and(eq(trials.searchId, searchId), eq(trials.stage, 'calibration')))
    .orderBy(trials.number)
    .all();

/** The search as a study: parameters are the numbers that the optimizer searched. */
function studyOf(search: StoredSearch, rows: readonly Row[]): JournalStudy {
  const { id: name, spec, status, result, objective } = search;
  const { shape, tune, range } = spec.coefficients;
  const steps = stepCount(spec.scheduler.steps);
  const { names: parameters } = coefficientSpace({ shape, tune, range, steps: spec.scheduler.steps });
  const pairs = spec.prompts.count * spec.prompts.seeds.length;
  const held = result?.heldOut;
  return {
    name,
    parameters,
    range,
    attributes: {
      model: spec.model,
      precision: spec.precision,
      scheduler: spec.scheduler,
      objective,
      optimizer: spec.optimizer,
      status,
      verdict: held?.recommend ?? null,
      ...(result === null || held === undefined
        ? {}
        : {
            reason: held.reason,
            held_out_gain: held.gain,
            held_out_low: held.low,
            held_out_high: held.high,
            held_out: held.scorers,
            finalist_sample: result.finalist.sample,
            finalist_noise: result.finalist.noise,
          }),
    },
    note: optunaNote(search, steps),
    trials: rows.map((row) => trialOf(row, parameters, pairs, status === 'running')),
  };
}

/** A raced trial is a pruned one: its value is its estimate, at the step of the pairs that it was scored on. */
function trialOf(row: Row, parameters: readonly string[], pairs: number, running: boolean): JournalTrial {
  const coefficients: Coefficients = {
    sample: JSON.parse(row.sample) as number[],
    noise: JSON.parse(row.noise) as number[],
  };
  const states = { ok: 'complete', raced: 'pruned', failed: 'fail', asked: running ? 'running' : 'fail' } as const;
  const { number, status, score, tc, iq, seconds } = row;
  const value = status === 'ok' || status === 'raced' ? score : null;
  return {
    state: states[status],
    value,
    point: parameters.map((name) => coordinateOf(name, coefficients)),
    intermediate: value === null ? {} : { [row.pairs ?? pairs]: value },
    attributes: { stage: 'calibration', number, baseline: number === 0, tc, iq, seconds, ...coefficients },
    start: row.created,
    complete: row.updated,
  };
}
