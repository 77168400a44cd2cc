/**
 * Whether two schedules are for the same scheduler: the one place that defines which of its fields count.
 */
import type { SearchSpec } from '../contract/search-spec.js';

/** A scheduler as in specs and documents. */
export type Scheduler = Pick<SearchSpec['scheduler'], 'type' | 'steps' | 'eta' | 'spacing'>;

const FIELDS = ['type', 'steps', 'eta', 'spacing'] as const;

/** The first field in which two schedulers differ; undefined if they are equal. */
export const differingField = (one: Scheduler, other: Scheduler): (typeof FIELDS)[number] | undefined =>
  FIELDS.find((field) => one[field] !== other[field]);

/** The fields of a scheduler that count, without its config. */
export const schedulerFields = ({ type, steps, eta, spacing }: Scheduler): Scheduler => ({ type, steps, eta, spacing });
