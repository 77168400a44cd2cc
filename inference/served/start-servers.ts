/**
 * The model servers that a scoring process needs: those of a command are started, the others are looked for.
 */
import { QschedError } from '../../contract/errors.js';
import { findModel } from '../models/model-roots.js';
import { requireAllowed } from './allowed-servers.js';
import { changed, connectServer } from './server-client.js';
import { describedServer, isServed, serverCommand, serverPlace } from './served-folder.js';
import { startServer, type StartedServer } from './started-server.js';

/** Servers of a process. */
export interface ModelServers {
  /** Model -> address of the server that was started for it. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Models that can be served. */
  readonly models: readonly string[];
  /** Why the others are not: an address with another server than was described. */
  readonly refused: readonly QschedError[];
  /** Rejects if one of the servers that were started died for good. */
  readonly broken: Promise<never>;
  stop(): Promise<void>;
}

/**
 * @param allow whether the user allows the commands of these models' folders
 * @param say receives what a person should know
 * @throws QschedError for a command that is not allowed, or whose server does not become ready
 */
export async function startServers(
  models: readonly string[],
  { allow, say }: { readonly allow: boolean; readonly say: (line: string) => void },
): Promise<ModelServers> {
  const started = new Map<string, StartedServer>();
  const usable: string[] = [];
  const refused: QschedError[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all([...started.values()].map((server) => server.stop()));
  };
  for (const model of models) {
    try {
      const server = await open(model, allow, say);
      if (server !== undefined) started.set(model, server);
      usable.push(model);
    } catch (error) {
      // A command belongs to a model that the user named: without it, nothing can run.
      if (!(error instanceof QschedError) || serverCommand(findModel(model)) !== undefined) {
        await stop();
        throw error;
      }
      refused.push(error);
    }
  }
  const addresses = Object.fromEntries([...started].map(([model, { address }]) => [model, address]));
  const broken = Promise.race([...started.values()].map((server) => server.broken));
  broken.catch(() => undefined);
  return { addresses, models: usable, refused, broken, stop };
}

/** The server that was started; undefined for a model without one, or whose server somebody else starts. */
async function open(model: string, allow: boolean, say: (line: string) => void): Promise<StartedServer | undefined> {
  const folder = findModel(model);
  if (!isServed(folder)) return undefined;
  requireAllowed(folder, allow);
  const place = serverPlace(folder);
  const { identity } = describedServer(folder);
  const { command, address } = place;
  if (command === undefined) {
    await lookAt(model, address!, identity, say);
    return undefined;
  }
  const server = await startServer(folder, { ...place, command }, say);
  if (server.description.identity === identity) return server;
  await server.stop();
  throw changed(model, server.description.identity);
}

/** A server that is not there yet may come later; another one than was described will not do. */
async function lookAt(model: string, address: string, identity: string, say: (line: string) => void): Promise<void> {
  const client = connectServer({ model, address, timeoutSeconds: 10, retries: 0 });
  try {
    const found = await client.describe();
    if (found.identity !== identity) throw changed(model, found.identity);
  } catch (error) {
    if (!(error instanceof QschedError) || error.final) throw error;
    say(`${error.message} ${error.hint}`);
  } finally {
    client.close();
  }
}
