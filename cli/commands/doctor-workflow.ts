/**
 * `qsched doctor --workflow ID`: why a workflow does not go on.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import { QschedError } from '../../contract/errors.js';
import { connectTemporal } from '../../temporal/connect.js';
import { whyStuck, type Trouble } from '../../temporal/stuck-workflow.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';

/** @returns 0 if nothing is wrong with it, 1 if it cannot go on */
export async function doctorWorkflow(id: string, flags: GlobalOptions): Promise<number> {
  const { client, connection, nativeAddress } = await connectTemporal({ start: false, onProgress: () => undefined });
  try {
    const described = await client.workflow
      .getHandle(id)
      .describe()
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        throw new QschedError(
          'usage',
          `There is no workflow "${id}" in the namespace "${nativeAddress.namespace}" of ${nativeAddress.address}.`,
          'See npx qsched status, or temporal workflow list.',
        );
      });
    const { type, taskQueue, status } = described;
    const troubles = status.name === 'RUNNING' ? await whyStuck(connection, nativeAddress.namespace, described) : [];
    if (flags.json) printJson({ id, type, taskQueue, status: status.name, troubles });
    else print(textOf(id, `${type}, task queue ${taskQueue}: ${status.name}`, troubles));
    return troubles.length === 0 ? 0 : 1;
  } finally {
    await connection.close();
  }
}

const textOf = (id: string, about: string, troubles: readonly Trouble[]): string =>
  [
    `${id}, ${about}`,
    ...(troubles.length === 0 ? ['Nothing keeps it from going on.'] : []),
    ...troubles.flatMap(({ what, advice }) => [what, `  ${advice}`]),
  ].join('\n');
