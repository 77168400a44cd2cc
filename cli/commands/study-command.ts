/**
 * `qsched study NAME`: a table or figure of the paper (paper-study-command.ts), or one of two smaller ones.
 * `qsched study ptqd`: identity, PTQD and Q-Sched side by side on held-out prompts.
 * `qsched study overhead`: what coefficients cost in time.
 */
import { existsSync } from 'node:fs';
import { listSchedules, type StoredSchedule } from '../../db/schedules.js';
import { identityCoefficients } from '../../diffusion/coefficients.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { measureOverhead } from '../../inference/engine/overhead.js';
import { schedulerOf } from '../../inference/prepare/prepare.js';
import { QschedError } from '../../spec/errors.js';
import type { CompareResult, Variant } from '../../spec/study-payloads.js';
import type { SearchSpec } from '../../spec/search-spec.js';
import { suggestion } from '../../spec/validate.js';
import { STUDIES } from '../../studies/index.js';
import { databasePath } from '../house/house.js';
import { print, printJson, say, table, type GlobalOptions } from '../text/output.js';
import { paperStudyCommand, type PaperStudyFlags } from './paper-study-command.js';
import { fitAndStore, ptqdRequest, type PtqdFlags } from './ptqd-command.js';
import { visitHouse } from '../house/run-workflow.js';
import { requireSchedule } from './schedule-command.js';
import { besideIdentity } from '../text/side-by-side.js';
import { readSpec, type SpecFlags } from '../input/spec-input.js';
import { withCurrentStore } from '../input/stored-search.js';

const SMALL = ['ptqd', 'overhead'];
/** Flags of the paper's tables alone. */
const TABLE_FLAGS = ['budget', 'format', 'output'] as const;

/** Flags of every study. */
export interface StudyFlags extends PtqdFlags, Pick<PaperStudyFlags, 'format' | 'output'> { readonly schedule?: string; readonly repeats?: string }

/** @returns the exit code */
export async function studyCommand(name: string, flags: StudyFlags): Promise<number> {
  if (Object.hasOwn(STUDIES, name)) return paperStudyCommand(name, flags);
  if (!SMALL.includes(name)) throw new QschedError('usage', `There is no study "${name}".`, suggestion(name, [...Object.keys(STUDIES), ...SMALL]));
  const other = TABLE_FLAGS.find((flag) => flags[flag] !== undefined);
  if (other !== undefined) throw new QschedError('usage', `The study ${name} takes no --${other}.`, `Leave it out; it belongs to ${Object.keys(STUDIES).join(', ')}.`);
  return name === 'ptqd' ? ptqdStudy(flags) : overheadStudy(flags);
}

async function ptqdStudy(flags: StudyFlags): Promise<number> {
  const request = ptqdRequest(flags);
  const { search } = request;
  const tuned = flags.schedule === undefined ? latestTuned(search) : requireSchedule(flags.schedule);
  refuseOtherSchedule(tuned, search);
  say(`${search.model} ${search.precision}, ${search.scheduler.type}, ${search.scheduler.steps} steps, eta ${search.scheduler.eta}: identity, PTQD, Q-Sched ${tuned.id.slice(0, 12)} on ${search.confirm.count} held-out prompts`);
  const { fit, compared } = await visitHouse({ models: [search.model], wait: flags.wait ?? false }, async (run) => {
    const made = await fitAndStore(run, request);
    const identity = identityCoefficients(search.scheduler.steps);
    const variants: Variant[] = [
      { name: 'identity', coefficients: identity },
      { name: 'ptqd', coefficients: identity, ptqd: made.document.ptqd! },
      { name: 'q-sched', coefficients: tuned.document.coefficients },
    ];
    return { fit: made, compared: await run<CompareResult>('compare', { search: { ...search, control: 'none' }, variants }) };
  });
  const rows = besideIdentity(compared);
  if (flags.json) printJson({ model: search.model, precision: search.precision, scheduler: search.scheduler, gamma: request.gamma, bias: request.bias, prompts: compared.prompts, ptqd: fit.id, qsched: tuned.id, rows });
  else {
    print(table([['scorer', 'schedule', 'score', 'text', 'quality', 'gain', '95 % interval'], ...rows.map((row) => [row.scorer, row.schedule, row.score.toFixed(4), row.tc?.toFixed(4) ?? '-', row.iq?.toFixed(4) ?? '-', row.schedule === 'identity' ? '' : signed(row.gain), row.schedule === 'identity' ? '' : `[${signed(row.low)}, ${signed(row.high)}]`])]));
    print(`\n  ${compared.prompts} held-out prompts; gain over the identity, paired by prompt; PTQD fitted with gamma by ${request.gamma}, one bias a ${request.bias}, on ${fit.trajectories} trajectories`);
    print(`  schedules: PTQD ${fit.id.slice(0, 12)}, Q-Sched ${tuned.id.slice(0, 12)}`);
  }
  return 0;
}

function latestTuned({ model, precision, scheduler }: SearchSpec): StoredSchedule {
  const stored = existsSync(databasePath()) ? withCurrentStore(listSchedules) : [];
  const found = stored.find(({ document: one }) => one.kind === 'q-sched' && one.model === model && one.precision === precision && one.scheduler.type === scheduler.type && one.scheduler.steps === scheduler.steps && one.scheduler.eta === scheduler.eta);
  if (found === undefined) throw new QschedError('failure', `No search of ${model} ${precision} with ${scheduler.type}, ${scheduler.steps} steps and eta ${scheduler.eta} has finished yet.`, `Run one: npx qsched search --model ${model} --precision ${precision} --scheduler ${scheduler.type} --steps ${scheduler.steps} --eta ${scheduler.eta}; or name a schedule with --schedule.`);
  return found;
}

function refuseOtherSchedule({ id, document: { scheduler: made, ptqd } }: StoredSchedule, { scheduler }: SearchSpec): void {
  const field = (['type', 'steps', 'eta', 'spacing'] as const).find((key) => made[key] !== scheduler[key]);
  if (field !== undefined) throw new QschedError('usage', `The schedule ${id.slice(0, 12)} was made for ${field} ${String(made[field])}, but this study has ${field} ${String(scheduler[field])}.`, 'Choose another --schedule, or the same scheduler, steps and eta.');
  if (ptqd !== undefined) throw new QschedError('usage', `The schedule ${id.slice(0, 12)} is PTQD's own.`, 'Name one with coefficients: see npx qsched schedules.');
}

const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;

async function overheadStudy(flags: StudyFlags & SpecFlags & GlobalOptions): Promise<number> {
  const spec = readSpec(undefined, flags);
  const repeats = Number(flags.repeats ?? 100);
  if (!Number.isInteger(repeats) || repeats < 5 || repeats > 10_000) throw new QschedError('usage', `--repeats is ${flags.repeats}: it must be a whole number from 5 to 10000.`, 'For example 100.');
  const model = openModelFolder(spec.model, spec.precision);
  const scheduler = schedulerOf(model, spec.scheduler);
  const { steps } = spec.scheduler;
  const coefficients = { sample: Array.from({ length: steps }, (_, i) => 0.95 + 0.01 * i), noise: Array.from({ length: steps }, (_, i) => 1.05 - 0.01 * i) };
  say(`${spec.model} ${spec.precision}, ${spec.scheduler.type}, ${steps} steps: ${repeats} interleaved pictures each, one at a time`);
  const result = await measureOverhead(model, scheduler.fused(), scheduler.fused(coefficients), repeats);
  const about = { model: spec.model, precision: spec.precision, scheduler: spec.scheduler, repeats, ...result };
  if (flags.json) printJson(about);
  else {
    print(table([['', 'milliseconds a picture (median)'], ['without coefficients', result.withoutMilliseconds.toFixed(3)], ['with coefficients', result.withMilliseconds.toFixed(3)]]));
    print(`\n  ratio ${result.ratio.toFixed(4)} (median of ${repeats} pairs, 95 % interval ${result.low.toFixed(4)} to ${result.high.toFixed(4)})`);
  }
  return 0;
}
