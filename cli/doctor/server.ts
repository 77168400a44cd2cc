/**
 * Checks of Temporal: its binary, a server, its search attributes, and whether workers are there.
 */
import { connectTemporal } from '../../temporal/connect.js';
import { findExecutable } from '../../temporal/executable.js';
import { hasPollers } from '../../temporal/pollers.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { hasSearchAttributes, searchAttributeCommands } from '../../temporal/search-attributes.js';
import type { Check } from './finding.js';

async function binaryDetail(): Promise<string> {
  const found = await findExecutable();
  if (found === null) throw new Error('not found on PATH or in the cache');
  return found.path;
}

async function serverDetail(): Promise<string> {
  const { connection, nativeAddress, uiUrl } = await connectTemporal({ start: false, onProgress: () => undefined });
  try {
    const { address, namespace } = nativeAddress;
    const has = await hasSearchAttributes(connection, namespace);
    const commands = `absent; add them with:\n    ${searchAttributeCommands(namespace).join('\n    ')}`;
    const served = await hasPollers(connection, namespace, WORKFLOW_QUEUE, 'workflow');
    const workers = served ? 'workers are running' : 'no workers: npx qsched up';
    return `${address}${uiUrl ? `, UI ${uiUrl}` : ''}; ${workers}; search attributes ${has ? 'present' : commands}`;
  } finally {
    await connection.close();
  }
}

export const SERVER_CHECKS: readonly Check[] = [
  {
    name: 'temporal binary',
    advice: 'Install the Temporal CLI, or Go 1.25 or newer; the first `npx qsched up` downloads or builds it.',
    find: binaryDetail,
    optional: true,
  },
  { name: 'temporal server', advice: 'Start one: npx qsched up', find: serverDetail, optional: true },
];
