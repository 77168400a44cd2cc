/**
 * Model servers for as long as one task of this process takes.
 */
import { startServers } from './start-servers.js';

/** What the user allows, and who is told. */
export interface ServersAllowed {
  /** Whether commands of the models' folders may be started. */
  readonly allow: boolean;
  readonly say: (line: string) => void;
}

/**
 * Runs a task with a model's server, if it is behind one: a command is started and stopped again, an address is looked at.
 *
 * @param run receives the addresses of what was started, as `openPipeline` takes them
 * @throws QschedError if the server may not or cannot be started, or dies for good; and what the task throws
 */
export async function withServers<T>(
  model: string,
  allowed: ServersAllowed,
  run: (servers: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const servers = await startServers([model], allowed);
  try {
    const [refused] = servers.refused;
    if (refused !== undefined) throw refused;
    return await Promise.race([run(servers.addresses), servers.broken]);
  } finally {
    await servers.stop();
  }
}
