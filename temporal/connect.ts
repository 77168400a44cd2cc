/**
 * The way to a Temporal server: the configured one, ours that runs, or ours started now.
 */
import { Client, type Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { messageOf, QschedError } from '../contract/errors.js';
import { dataFolder } from './data-folder.js';
import { isLocal, openConnection, type ServerAddress } from './open-connection.js';
import { accepts } from './ports.js';
import { hasSearchAttributes } from './search-attributes.js';
import { findRunningServer, OWN_NAMESPACE, type RunningServer, startServer } from './server.js';

const ANSWER_WITHIN_MS = 5_000;

/** @internal */
export interface ConnectOptions {
  /** Whether a server may be started where none is configured and none of ours runs. */
  readonly start: boolean;
  readonly onProgress: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
}

/** A connection, and what else a command needs to know about its server. */
export interface TemporalConnection {
  readonly connection: Connection;
  readonly client: Client;
  /** For `NativeConnection.connect` of a worker. */
  readonly nativeAddress: ServerAddress;
  /** Only when this call started it: whoever called stops it. */
  readonly server: RunningServer | null;
  /** Null where it is not known. */
  readonly uiUrl: string | null;
  /** Whether the server is configured by the user (`configured`), or serves our data folder (`ours`). */
  readonly kind: 'configured' | 'ours';
  /** Whether workflows may set the search attributes in this namespace. */
  readonly searchAttributes: boolean;
}

/**
 * Connects in this order: `TEMPORAL_ADDRESS` or a profile of temporal.toml; a running server of ours; one started now.
 *
 * @throws QschedError `failure`: the configured server does not answer within 5 s or lacks the namespace, none runs and
 * `start` is false, or one cannot be started
 */
export async function connectTemporal({
  start,
  onProgress,
  env = process.env,
}: ConnectOptions): Promise<TemporalConnection> {
  const configured = configuredServer(env);
  if (configured !== null) {
    const connection = await openConfigured(configured);
    return finish(connection, configured, null, await guessUiUrl(configured.address), 'configured');
  }
  const folder = dataFolder(env);
  const server = start ? await startServer({ dataFolder: folder, onProgress, env }) : await findRunningServer(folder);
  if (server === null) {
    throw new QschedError(
      'failure',
      `No Temporal server runs for the data folder ${folder}, and TEMPORAL_ADDRESS names none.`,
      'Start one with `npx qsched up`.',
    );
  }
  const address: ServerAddress = { address: server.address, namespace: server.namespace };
  try {
    return await finish(
      await openConnection(address, ANSWER_WITHIN_MS),
      address,
      server.startedHere ? server : null,
      server.uiUrl,
      'ours',
    );
  } catch (error) {
    await server.stop();
    throw new QschedError(
      'failure',
      `The Temporal server at ${server.address} stopped answering: ${messageOf(error)}.`,
      'Try again; `npx qsched doctor` says more.',
    );
  }
}

/**
 * The server that environment variables or temporal.toml name.
 *
 * @returns null where they name no address: then a namespace alone means nothing
 * @throws QschedError `usage` for a temporal.toml that cannot be read
 */
export function configuredServer(env: NodeJS.ProcessEnv = process.env): ServerAddress | null {
  const variables = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: variables });
    const { address, tls, apiKey, metadata } = connectionOptions;
    if (address === undefined || address === '') return null;
    return {
      address: /:\d+$/.test(address) ? address : `${address}:7233`,
      namespace: namespace ?? OWN_NAMESPACE,
      ...(tls === undefined || tls === null ? {} : { tls }),
      ...(typeof apiKey === 'string' ? { apiKey } : {}),
      ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }),
    };
  } catch (error) {
    throw new QschedError(
      'usage',
      `The Temporal configuration cannot be read: ${messageOf(error)}.`,
      'Look at the TEMPORAL_* variables and at temporal.toml.',
    );
  }
}

async function openConfigured(server: ServerAddress): Promise<Connection> {
  try {
    return await openConnection(server, ANSWER_WITHIN_MS);
  } catch (error) {
    const text = detailsOf(error);
    if (/namespace .*not found/i.test(text)) {
      throw new QschedError(
        'failure',
        `The Temporal server at ${server.address} has no namespace '${server.namespace}'.`,
        `Make it with \`temporal operator namespace create --namespace ${server.namespace}\`, or set TEMPORAL_NAMESPACE to one that it has.`,
      );
    }
    throw new QschedError(
      'failure',
      `The Temporal server at ${server.address} does not answer: ${text}.`,
      'Start it, correct TEMPORAL_ADDRESS (or the profile in temporal.toml), or unset it to let qsched start its own.',
    );
  }
}

/** A dev server's UI is by default 1000 above its port. */
async function guessUiUrl(address: string): Promise<string | null> {
  if (!isLocal(address)) return null;
  const ui = address.replace(/\d+$/, (port) => String(Number(port) + 1000));
  return (await accepts(ui)) ? `http://${ui}` : null;
}

async function finish(
  connection: Connection,
  nativeAddress: ServerAddress,
  server: RunningServer | null,
  uiUrl: string | null,
  kind: TemporalConnection['kind'],
): Promise<TemporalConnection> {
  const client = new Client({ connection, namespace: nativeAddress.namespace });
  return {
    connection,
    client,
    nativeAddress,
    server,
    uiUrl,
    kind,
    searchAttributes: await hasSearchAttributes(connection, nativeAddress.namespace),
  };
}

function detailsOf(error: unknown): string {
  const own = error instanceof Error && 'details' in error ? String(error.details) : '';
  if (own !== '') return own;
  return error instanceof Error && error.cause instanceof Error ? detailsOf(error.cause) : messageOf(error);
}
