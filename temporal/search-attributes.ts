/**
 * Registers the search attributes on a server of ours, and asks any other whether it has them.
 */
import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from './search-attribute-keys.js';

/** The wire's numbers: temporal.api.enums.v1.IndexedValueType. */
const INDEXED_VALUE_TYPE = { KEYWORD: 2, INT: 3, DOUBLE: 4 } as const;
/** The same types as the Temporal CLI spells them. */
const CLI_TYPE = { KEYWORD: 'Keyword', INT: 'Int', DOUBLE: 'Double' } as const;

const KEYS = Object.values(SEARCH_ATTRIBUTES);

/** Adds those that the namespace lacks; does nothing the second time. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingTypes(connection, namespace);
  if (Object.keys(missing).length === 0) return;
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
}

/**
 * Whether a workflow in this namespace may set them. Never throws: a server that does not answer the question
 * (Temporal Cloud answers it elsewhere) counts as one without them.
 */
export async function hasSearchAttributes(connection: Connection, namespace: string): Promise<boolean> {
  try {
    return Object.keys(await missingTypes(connection, namespace)).length === 0;
  } catch {
    return false;
  }
}

/** The Temporal CLI commands that add them to a namespace of somebody else's server. */
export function searchAttributeCommands(namespace: string): string[] {
  return KEYS.map(
    ({ name, type }) =>
      `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${CLI_TYPE[type]}`,
  );
}

async function missingTypes(connection: Connection, namespace: string): Promise<Record<string, number>> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.fromEntries(
    KEYS.filter(({ name, type }) => customAttributes?.[name] !== INDEXED_VALUE_TYPE[type]).map(({ name, type }) => [
      name,
      INDEXED_VALUE_TYPE[type],
    ]),
  );
}
