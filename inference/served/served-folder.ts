/**
 * A model folder whose networks run behind a model server:
 *
 *   server.json     where the server is, or the command that starts it: written by a person
 *   described.json  what it said of itself when it was asked: `npx qsched describe NAME`
 *
 * The key of an evaluation has the hash of described.json, so that another server, device or version is another network.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { QschedError } from '../../contract/errors.js';
import { explainIssues } from '../../contract/explain-issues.js';
import { ServerDescription } from '../../contract/model-server.js';
import { readJson } from '../models/folder-files.js';
import { readAddress } from './address.js';

export const SERVER_FILE = 'server.json';
export const DESCRIBED_FILE = 'described.json';

const seconds = z.number('must be a number of seconds').gt(0, 'must be above 0').max(3600, 'takes at most 3600');
const ADDRESS = 'must be http://127.0.0.1:PORT, http://localhost:PORT or unix:/path/to/socket';

const Where = z
  .strictObject({
    /** Of a server that somebody starts. */
    address: z
      .string(ADDRESS)
      .refine((text) => readAddress(text) !== undefined, ADDRESS)
      .optional(),
    /**
     * Program and arguments, run in the model folder without a shell. `{address}` is replaced by the address on which it
     * must listen. It is started only where the user allows it.
     */
    command: z.array(z.string().min(1)).min(1).optional(),
    /** Until a started server answers `describe`. */
    readySeconds: seconds.default(600),
    /** Per call. */
    timeoutSeconds: seconds.default(300),
    /** Further tries of a call that the server did not answer. */
    retries: z.int('must be a whole number').min(0).max(20).default(3),
  })
  .refine(({ address, command }) => (address === undefined) !== (command === undefined), {
    message: 'needs either address or command',
    path: [],
  });

/** How a server is reached. */
export type ServerPlace = z.infer<typeof Where>;

/** Whether a folder's model is behind a server. */
export const isServed = (folder: string): boolean => existsSync(join(folder, SERVER_FILE));

/** @throws QschedError (usage) that names the file, the key and what is allowed */
export const serverPlace = (folder: string): ServerPlace =>
  read(folder, SERVER_FILE, Where, 'For example: {"address": "http://127.0.0.1:7861"}');

/** The command that starts a folder's server; undefined if it has none. @throws QschedError (usage) as `serverPlace` */
export const serverCommand = (folder: string): readonly string[] | undefined =>
  isServed(folder) ? serverPlace(folder).command : undefined;

/** @throws QschedError (usage): it was not described yet, or by another release */
export function describedServer(folder: string): ServerDescription {
  if (!existsSync(join(folder, DESCRIBED_FILE))) {
    throw new QschedError(
      'usage',
      `The model "${basename(folder)}" is behind a server that was not asked yet: ${folder} has no ${DESCRIBED_FILE}.`,
      `Ask it: npx qsched describe ${basename(folder)}`,
    );
  }
  return read(
    folder,
    DESCRIBED_FILE,
    ServerDescription,
    `Ask the server again: npx qsched describe ${basename(folder)}`,
  );
}

function read<T>(folder: string, file: string, schema: z.ZodType<T>, example: string): T {
  const input = readJson(folder, file);
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const { message, hint } = explainIssues(result.error.issues, { schema, input, example });
  throw new QschedError('usage', `${join(folder, file)}: ${message}`, hint);
}
