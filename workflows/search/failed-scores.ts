/**
 * A search that cannot continue because its evaluations failed.
 */
import { QschedError } from '../../contract/errors.js';
import { storeActivities } from '../activities.js';

/** Evaluations that are looked through. */
const ROWS = 100_000;

/**
 * The error, with the reasons that are stored.
 *
 * @param what without a full stop
 * @param hint what to do beside trying again
 */
export async function failedScores(searchId: string, what: string, hint: string): Promise<QschedError> {
  const reasons = await storeActivities(ROWS).failureReasons({ searchId });
  const why = reasons.length === 0 ? 'its evaluations failed' : reasons.join('; ');
  return new QschedError(
    'failure',
    `${what}: ${why}.`,
    `${hint} To try failures again: npx qsched resume --retry-failed`,
  );
}
