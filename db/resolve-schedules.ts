/**
 * Schedules by reference: the latest fit of a method, the latest finished search, or one by its id.
 */
import { and, desc, eq, isNotNull, sql } from 'drizzle-orm';
import { QschedError } from '../contract/errors.js';
import type { ResolvedSchedule } from '../contract/evaluate-payloads.js';
import { pipelineFlags, samePipeline } from '../contract/pipeline-choice.js';
import type { NetworkChoice } from '../contract/prepared-network.js';
import type { EvaluateSpec } from '../contract/evaluate-spec.js';
import type { Coefficients } from '../contract/coefficients.js';
import type { SearchResult } from '../contract/search-result.js';
import type { CompleteSchedule } from '../contract/schedule-document.js';
import { completeStored } from '../contract/spec-defaults.js';
import { suggestion } from '../contract/suggestion.js';
import type { Store } from './open-store.js';
import { differingField, type Scheduler } from './same-scheduler.js';
import { findSchedules, latestFit } from './schedules.js';
import { searches } from './schema.js';
import { findSearch, listSearches } from './searches.js';
import { stepCount } from '../contract/step-count.js';

/** Characters of an id in messages. */
const SHORT_ID = 12;

/**
 * The schedule of every row.
 *
 * @throws QschedError (usage) for a reference to nothing, with the command that would create it, and for a schedule
 *   with other steps or another scheduler
 */
export const resolveSchedules = (store: Store, { rows }: EvaluateSpec): ResolvedSchedule[] =>
  rows.map((row) => resolve(store, row, row.schedule));

function resolve(
  store: Store,
  network: NetworkChoice,
  schedule: EvaluateSpec['rows'][number]['schedule'],
): ResolvedSchedule {
  if (typeof schedule !== 'string') return { coefficients: schedule.coefficients, source: null };
  if (schedule === 'identity') return { coefficients: ones(network.scheduler.steps), source: null };
  if (schedule === 'ptqd' || schedule === 'match') return latestFitted(store, schedule, network);
  if (schedule === 'q-sched') return latestSearch(store, network);
  const [kind, id] = [schedule.slice(0, schedule.indexOf(':')), schedule.slice(schedule.indexOf(':') + 1)];
  return kind === 'search' ? namedSearch(store, network, id) : namedSchedule(store, network, id);
}

const ones = (steps: number): ResolvedSchedule['coefficients'] => ({
  sample: new Array<number>(steps).fill(1),
  noise: new Array<number>(steps).fill(1),
});

const spaced = (spacing: Scheduler['spacing']): string => (spacing === undefined ? '' : ` --spacing ${spacing}`);

const flags = ({ model, precision, scheduler: { type, steps, eta, spacing }, ...choice }: NetworkChoice): string =>
  `--model ${model} --precision ${precision} --scheduler ${type} --steps ${steps} --eta ${eta}${spaced(spacing)}` +
  pipelineFlags(choice);

const about = ({ model, precision, scheduler: { type, steps, eta } }: NetworkChoice): string =>
  `${model} ${precision} with ${type}, ${stepCount(steps)} and eta ${eta}`;

/** What messages call the fits of a method. */
const FITS = { ptqd: 'PTQD fit', match: 'least-squares match' };

function latestFitted(store: Store, method: keyof typeof FITS, network: NetworkChoice): ResolvedSchedule {
  const found = latestFit(store, method, network);
  if (found === undefined) {
    throw new QschedError(
      'usage',
      `There is no ${FITS[method]} of ${about(network)}.`,
      `Make one: npx qsched ${method} ${flags(network)}`,
    );
  }
  return ofDocument(found.id, found.document);
}

function latestSearch(store: Store, network: NetworkChoice): ResolvedSchedule {
  const { id, finalist } = latestFinalist(store, network);
  return { coefficients: finalist, source: id };
}

/**
 * The finalist of the search of a network and scheduler that finished last. A search that was started again counts with
 * its previous result.
 *
 * @throws QschedError (usage) if none has finished, with the command that would run one
 */
export function latestFinalist(
  store: Store,
  network: NetworkChoice,
): { readonly id: string; readonly finalist: Coefficients } {
  const { model, precision, scheduler } = network;
  const finished = store
    .select({ id: searches.id, spec: searches.spec, result: searches.result })
    .from(searches)
    .where(
      and(
        isNotNull(searches.result),
        eq(searches.model, model),
        eq(searches.precision, precision),
        eq(searches.steps, scheduler.steps),
      ),
    )
    .orderBy(desc(sql`coalesce(${searches.finishedAt}, ${searches.updatedAt})`), desc(searches.id))
    .all();
  const found = finished.find(({ spec: text }) => {
    const spec = completeStored(text);
    return samePipeline(spec, network) && differingField(spec.scheduler, scheduler) === undefined;
  });
  if (found === undefined) {
    throw new QschedError(
      'usage',
      `No search of ${about(network)} has finished yet.`,
      `Run one: npx qsched search ${flags(network)}`,
    );
  }
  return { id: found.id, finalist: (JSON.parse(found.result!) as SearchResult).finalist };
}

function namedSearch(store: Store, network: NetworkChoice, id: string): ResolvedSchedule {
  const search = findSearch(store, id);
  if (search === undefined) {
    throw new QschedError(
      'usage',
      `There is no search "${id}".`,
      suggestion(
        id,
        listSearches(store).map((one) => one.id),
      ),
    );
  }
  if (search.result === null) {
    throw new QschedError(
      'usage',
      `The search "${id}" is ${search.status}: it does not have a finalist yet.`,
      `Finish it: npx qsched resume ${id}`,
    );
  }
  refuseOther(`The search "${id}"`, search.spec.scheduler, network.scheduler);
  return { coefficients: search.result.finalist, source: id };
}

function namedSchedule(store: Store, network: NetworkChoice, prefix: string): ResolvedSchedule {
  const found = findSchedules(store, prefix);
  if (found.length === 0) {
    throw new QschedError(
      'usage',
      `There is no schedule whose id begins with "${prefix}".`,
      'List them: npx qsched schedules. Store one by hand: npx qsched schedule add FILE',
    );
  }
  const ids = found.map(({ id }) => id.slice(0, SHORT_ID));
  if (found.length > 1) {
    throw new QschedError(
      'usage',
      `The ids of ${found.length} schedules start with "${prefix}": ${ids.join(', ')}.`,
      'Type more characters of the id.',
    );
  }
  const [{ id, document }] = found as [(typeof found)[number]];
  refuseOther(`The schedule ${id.slice(0, SHORT_ID)}`, document.scheduler, network.scheduler);
  return ofDocument(id, document);
}

const ofDocument = (id: string, { coefficients, ptqd }: CompleteSchedule): ResolvedSchedule => ({
  coefficients,
  ...(ptqd === undefined ? {} : { ptqd }),
  source: id,
});

function refuseOther(what: string, made: Scheduler, wanted: Scheduler): void {
  const field = differingField(made, wanted);
  if (field !== undefined) {
    throw new QschedError(
      'usage',
      `${what} was made for ${field} ${String(made[field])}, but the row has ${field} ${String(wanted[field])}.`,
      'Use the same scheduler, steps and eta in the row, or choose another schedule.',
    );
  }
}
