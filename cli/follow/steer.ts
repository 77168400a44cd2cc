/**
 * An update of a search, an evaluation or a gate from a command of its own: connects to the server that runs, and leaves again.
 */
import { QschedError } from '../../contract/errors.js';
import { connectTemporal } from '../../temporal/connect.js';
import { hasPollers } from '../../temporal/pollers.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { say } from '../text/output.js';
import { isRunning } from './follow-search.js';
import { notRunning, sendUpdate, type Steered, type UpdateName } from './send-update.js';

/** @throws QschedError as `sendUpdate` does; (failure): no server, or no worker that would answer */
export async function steer(steered: Steered, name: UpdateName, input?: unknown): Promise<string> {
  const { client, connection, nativeAddress } = await connectTemporal({ start: false, onProgress: say });
  try {
    if (!(await isRunning(client, steered.id))) throw notRunning(steered);
    if (!(await hasPollers(connection, nativeAddress.namespace, WORKFLOW_QUEUE, 'workflow'))) {
      throw new QschedError(
        'failure',
        `No worker runs the workflows of ${nativeAddress.address}: nobody would answer.`,
        'Start the workers: npx qsched up',
      );
    }
    return await sendUpdate(client, steered, name, input);
  } finally {
    await connection.close();
  }
}
