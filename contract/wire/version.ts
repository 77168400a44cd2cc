/**
 * The version of what crosses the wire between workflows and workers. Requests of another version are refused with a
 * sentence: a worker and the process that runs the workflows must be of one release.
 */
import { z } from 'zod';
import { QschedError } from '../errors.js';

/** 1 is the format of 0.1.0, which carried no version. Increase it whenever a request or an answer changes. */
export const WIRE_VERSION = 2;

/** Memo key of every run; the value is the WIRE_VERSION of the release that runs it. Runs of 0.1 have no such memo. */
export const RELEASE_MEMO = 'qsched';

/** The field that every request starts with. */
export const version = z.literal(WIRE_VERSION);

/**
 * Reads a request.
 *
 * @param what the activity's name, for messages
 * @throws QschedError (usage): another version, or a request that is not of this shape
 */
export function readRequest<T>(schema: z.ZodType<T>, request: unknown, what: string): T {
  const given = (request as { version?: unknown } | null | undefined)?.version;
  if (given !== WIRE_VERSION) {
    const found = given === undefined ? 'no version, as version 1 has it' : `version ${JSON.stringify(given)}`;
    throw new QschedError(
      'usage',
      `The request "${what}" came with ${found}, but this worker reads version ${WIRE_VERSION}.`,
      'Run the same release of qsched on every machine: restart `npx qsched up` and `npx qsched worker`.',
    );
  }
  const result = schema.safeParse(request);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new QschedError(
    'usage',
    `The request "${what}" is malformed at ${issue.path.join('.') || 'its top level'}: ${issue.message}.`,
    'Run the same release of qsched on every machine.',
  );
}
