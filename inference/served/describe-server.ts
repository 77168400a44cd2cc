/**
 * Asking a model server what it is, and keeping the answer in the model's folder.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { ServerDescription } from '../../contract/model-server.js';
import { requireAllowed } from './allowed-servers.js';
import { connectServer } from './server-client.js';
import { DESCRIBED_FILE, isServed, SERVER_FILE, serverPlace } from './served-folder.js';
import { startServer } from './started-server.js';

/** What a server said. */
export interface Described {
  readonly description: ServerDescription;
  readonly file: string;
  /** Whether it differs from what was kept before: scores of the model are another network's from now on. */
  readonly changed: boolean;
}

/**
 * Asks the server of a model folder, starting its command if the user allows it, and writes described.json.
 *
 * @param allow whether the user allows the folder's command
 * @throws QschedError (usage): a folder without a server, a command that is not allowed; (failure): no answer
 */
export async function describeServer(
  folder: string,
  { allow, say }: { readonly allow: boolean; readonly say: (line: string) => void },
): Promise<Described> {
  if (!isServed(folder)) {
    throw new QschedError(
      'usage',
      `The model "${basename(folder)}" is not behind a server: ${folder} has no ${SERVER_FILE}.`,
      `Only such models are described; npx qsched models ${folder} tells what an ONNX folder is.`,
    );
  }
  const description = await ask(folder, allow, say);
  const file = join(folder, DESCRIBED_FILE);
  const text = `${JSON.stringify(description, null, 2)}\n`;
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (before !== text) write(file, text);
  return { description, file, changed: before !== undefined && before !== text };
}

async function ask(folder: string, allow: boolean, say: (line: string) => void): Promise<ServerDescription> {
  const place = serverPlace(folder);
  const { command, address, retries, timeoutSeconds } = place;
  requireAllowed(folder, allow);
  if (command !== undefined) {
    const server = await startServer(folder, { ...place, command }, say);
    await server.stop();
    return server.description;
  }
  const client = connectServer({ model: basename(folder), address: address!, timeoutSeconds, retries });
  try {
    return await client.describe();
  } finally {
    client.close();
  }
}

/** Whole, or not at all. @throws QschedError (failure) for a folder that cannot be written */
function write(file: string, text: string): void {
  const partial = `${file}.${process.pid}`;
  try {
    writeFileSync(partial, text);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new QschedError(
      'failure',
      `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      'Make the model folder writable, or copy it to where it is.',
    );
  }
}
