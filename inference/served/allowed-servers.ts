/**
 * Which model servers may be started. A folder that was downloaded must not run code: its command is started for a model
 * that the user named, after `--allow-server`, or with an entry in the user's own file that repeats the command:
 *
 *   ~/.config/qsched/allowed-servers.json   [{"folder": "/models/flux", "command": ["qsched-diffusers", "serve.json"]}]
 */
import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { QschedError } from '../../contract/errors.js';
import { readJson } from '../models/folder-files.js';
import { SERVER_FILE, serverCommand } from './served-folder.js';

const Entries = z.array(z.strictObject({ folder: z.string(), command: z.array(z.string()).min(1) }));

/** The user's own file; it may not exist. */
export const allowedFile = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'qsched', 'allowed-servers.json');

/**
 * Whether the user allows this command for this folder.
 *
 * @throws QschedError (usage) for a file that cannot be read, naming it
 */
export function isAllowed(folder: string, command: readonly string[], file = allowedFile()): boolean {
  if (!existsSync(file)) return false;
  const entries = Entries.safeParse(readJson(dirname(file), basename(file)));
  if (!entries.success) {
    const [issue] = entries.error.issues;
    throw new QschedError(
      'usage',
      `${file}: ${issue!.path.join('.') || 'its top level'} ${issue!.message}.`,
      'For example: [{"folder": "/models/flux", "command": ["qsched-diffusers", "serve.json"]}]',
    );
  }
  const own = realpathSync(folder);
  return entries.data.some(
    (entry) =>
      existsSync(entry.folder) &&
      realpathSync(entry.folder) === own &&
      JSON.stringify(entry.command) === JSON.stringify(command),
  );
}

/**
 * @param allow whether the user allows the commands of the folders that were named
 * @throws QschedError (usage) for a folder with a command that nobody allowed
 */
export function requireAllowed(folder: string, allow: boolean): void {
  const command = serverCommand(folder);
  if (command !== undefined && !allow && !isAllowed(folder, command)) throw notAllowed(folder, command);
}

/** The error for a command that nobody allowed. */
const notAllowed = (folder: string, command: readonly string[]): QschedError =>
  new QschedError(
    'usage',
    `The model "${basename(folder)}" is behind a server that its folder starts with: ${command.join(' ')} (${join(folder, SERVER_FILE)}).`,
    `If you trust it, add --allow-server, or put the folder and this command into ${allowedFile()}.`,
  );
