/**
 * The id that a search gets if the user gives none.
 */
import { searchIdOf } from '../../contract/content-id.js';
import type { SpecInput } from './spec-input.js';

/** A model elsewhere chooses its precision when it is described: the id does not name one that it may not have. */
export const searchIdFor = ({ spec, input }: Pick<SpecInput, 'spec' | 'input'>): string =>
  searchIdOf(input === spec ? spec : { precision: 'default', ...(input as object) });
