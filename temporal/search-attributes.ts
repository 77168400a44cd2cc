/**
 * Registers the search attributes on our own server, and asks any other server whether it has them.
 */
import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from './search-attribute-keys.js';

/** The wire's numbers: temporal.api.enums.v1.IndexedValueType. */
const INDEXED_VALUE_TYPE = { KEYWORD: 2, INT: 3, DOUBLE: 4 } as const;
/** The same types in the spelling of the Temporal CLI. */
const CLI_TYPE = { KEYWORD: 'Keyword', INT: 'Int', DOUBLE: 'Double' } as const;

const KEYS = Object.values(SEARCH_ATTRIBUTES);

/** Adds the attributes that the namespace lacks; may be called again. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingTypes(connection, namespace);
  if (Object.keys(missing).length === 0) return;
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
}

/**
 * Whether workflows in this namespace can set the attributes. Never throws: a server that does not support the request
 * (Temporal Cloud has another API for it) counts as one without them.
 */
export async function hasSearchAttributes(connection: Connection, namespace: string): Promise<boolean> {
  try {
    return Object.keys(await missingTypes(connection, namespace)).length === 0;
  } catch {
    return false;
  }
}

/** Temporal CLI commands that add the attributes to a namespace of a server that we did not start. */
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
