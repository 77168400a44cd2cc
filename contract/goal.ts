/**
 * What a search maximises: the gain of its network (`gain`, the default), or the part of it that the full-precision network
 * does not gain with the same coefficients (`repair`).
 */
import { QschedError } from './errors.js';
import type { SearchSpec } from './search-spec.js';

type Group = Readonly<Record<string, unknown>>;

/** Whether a search maximises repair. */
export const maximisesRepair = ({ objective }: Pick<SearchSpec, 'objective'>): boolean => objective.goal === 'repair';

/** Whether a search needs the full-precision network: as a control, or for repair, which has it as its control too. */
export const comparesWithFull = (spec: Pick<SearchSpec, 'objective' | 'control'>): boolean =>
  spec.control !== 'none' || maximisesRepair(spec);

/** @throws QschedError (usage) for what does not go with repair */
export function checkGoal(spec: SearchSpec): void {
  if (!maximisesRepair(spec) || typeof spec.racing !== 'object') return;
  throw new QschedError(
    'usage',
    'racing is on, but objective.goal is "repair": its candidates are scored on all pairs of both networks.',
    'Leave racing out, or set it to off.',
  );
}

/**
 * Spells out `objective: repair` and `objective.type: repair` (`--objective repair`) as `objective.goal: repair`, with
 * the default objective. What is something else is left to the schema.
 */
export function expandGoal<T>(given: T): T {
  if (!isGroup(given)) return given;
  const { objective } = given;
  if (objective === 'repair') return { ...given, objective: { goal: 'repair' } };
  if (!isGroup(objective) || objective['type'] !== 'repair') return given;
  const { type: _, ...rest } = objective;
  return { ...given, objective: { goal: 'repair', ...rest } };
}

const isGroup = (value: unknown): value is Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
