/**
 * Connects to a Temporal server: the configured one, our own if it runs, or our own started now.
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
  /** Whether to start a server if none is configured and our own does not run. */
  readonly start: boolean;
  readonly onProgress: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
}

/** A connection, and what a command needs to know about its server. */
export interface TemporalConnection {
  readonly connection: Connection;
  readonly client: Client;
  /** For `NativeConnection.connect` of a worker. */
  readonly nativeAddress: ServerAddress;
  /** Null unless this call started it; the caller must stop it. */
  readonly server: RunningServer | null;
  /** Null if unknown. */
  readonly uiUrl: string | null;
  /** Whether the user configured the server (`configured`), or it serves our data folder (`ours`). */
  readonly kind: 'configured' | 'ours';
  /** Whether workflows can set the search attributes in this namespace. */
  readonly searchAttributes: boolean;
}

/**
 * Connects to the first of these: `TEMPORAL_ADDRESS` or a profile of temporal.toml, our running server, our server
 * started now.
 *
 * @throws QschedError `failure`: the configured server does not answer within 5 s or lacks the namespace, no server runs
 * and `start` is false, or a server cannot be started
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
      `No Temporal server is running for the data folder ${folder}, and TEMPORAL_ADDRESS is not set.`,
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
      'Try again, or check the setup with `npx qsched doctor`.',
    );
  }
}

/**
 * The server in the environment variables or in temporal.toml.
 *
 * @param withFile whether temporal.toml is read
 * @returns null if they contain no address; a namespace alone is ignored then
 * @throws QschedError `usage` for a temporal.toml that cannot be read
 */
export function configuredServer(env: NodeJS.ProcessEnv = process.env, withFile = true): ServerAddress | null {
  const variables = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars: variables,
      disableFile: !withFile,
    });
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
    // A path below a file is as absent as one in a folder that is not there.
    if (withFile && messageOf(error).startsWith('ENOTDIR')) return configuredServer(env, false);
    throw new QschedError(
      'usage',
      `The Temporal configuration cannot be read: ${messageOf(error)}.`,
      'Check the TEMPORAL_* variables and temporal.toml.',
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
        `Create it with \`temporal operator namespace create --namespace ${server.namespace}\`, or set TEMPORAL_NAMESPACE to an existing one.`,
      );
    }
    throw new QschedError(
      'failure',
      `The Temporal server at ${server.address} does not answer: ${text}.`,
      'Start it, or correct TEMPORAL_ADDRESS (or the profile in temporal.toml), or unset it so that qsched starts its own.',
    );
  }
}

/** By default the UI port of a development server is its port + 1000. */
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
