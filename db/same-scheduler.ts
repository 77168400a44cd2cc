/**
 * Whether two schedules are for one scheduler: the one place that says which of its fields count.
 */
import type { SearchSpec } from '../contract/search-spec.js';

/** A scheduler as specs and documents name it. */
export type Scheduler = Pick<SearchSpec['scheduler'], 'type' | 'steps' | 'eta' | 'spacing'>;

const FIELDS = ['type', 'steps', 'eta', 'spacing'] as const;

/** The first field in which two schedulers differ; undefined where none does. */
export const differingField = (one: Scheduler, other: Scheduler): (typeof FIELDS)[number] | undefined =>
  FIELDS.find((field) => one[field] !== other[field]);

/** What counts of a scheduler, without its config. */
export const schedulerFields = ({ type, steps, eta, spacing }: Scheduler): Scheduler => ({ type, steps, eta, spacing });
