/**
 * Whether two schedules are for the same scheduler: the one place that defines which of its fields count.
 */
import { canonicalJson } from '../contract/canonical-json.js';
import type { SchedulerChoice } from '../contract/search-spec.js';

const FIELDS = ['type', 'steps', 'eta', 'spacing', 'sigmas', 'timesteps', 'mu', 'shift', 'prediction'] as const;

/** A scheduler as in specs and documents. */
export type Scheduler = Pick<SchedulerChoice, (typeof FIELDS)[number]>;

/** The first field in which two schedulers differ; undefined if they are equal. */
export const differingField = (one: Scheduler, other: Scheduler): (typeof FIELDS)[number] | undefined =>
  FIELDS.find((field) => canonicalJson(one[field]) !== canonicalJson(other[field]));

/** The fields of a scheduler that count, without its config. */
export const schedulerFields = (scheduler: Scheduler): Scheduler =>
  Object.fromEntries(FIELDS.map((field) => [field, scheduler[field]])) as unknown as Scheduler;
