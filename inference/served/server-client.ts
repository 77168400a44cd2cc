/**
 * Calls to a model server: a time limit per try, a limited number of tries, and errors that say what to do.
 */
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, QschedError } from '../../contract/errors.js';
import {
  IDENTITY_HEADER,
  INSTANCE_HEADER,
  SERVER_PROTOCOL,
  ServerDescription,
  ServerError,
} from '../../contract/model-server.js';
import type { Checkpoint } from '../pipelines/pipeline.js';
import { readAddress } from './address.js';
import { bytePool } from './byte-pool.js';
import { readBody } from './json-body.js';
import { readAnswer } from './read-answer.js';

const FIRST_WAIT = 0.25;
const LONGEST_WAIT = 10;
const EXCERPT = 300;
const GONE = 410;
const NAMELESS = Buffer.from(`its answer has no header ${INSTANCE_HEADER}`);

/** Where a server is, and how patient to be with it. */
export interface ServerTarget {
  /** What messages call it. */
  readonly model: string;
  readonly address: string;
  readonly timeoutSeconds: number;
  readonly retries: number;
}

/** An answer, or handles that the server does not know. */
export type Answer =
  | {
      readonly body: Uint8Array;
      /** The server's process. */
      readonly instance: string;
      /** The body is not read any more: its bytes may be those of a later answer. */
      done(): void;
    }
  | { readonly unknown: readonly string[] };

/** A connection to a server. */
export interface ServerClient {
  /** `GET /v1/describe`. @throws QschedError (failure) without an answer of this protocol */
  describe(): Promise<ServerDescription>;
  /**
   * `POST /v1/<call>`. What was not answered is tried again.
   *
   * @param identity that of the description: an answer of another server is refused
   * @throws QschedError (failure); final where the server refuses the request, or is another one
   */
  post(call: string, body: Uint8Array, type: string, identity: string, checkpoint?: Checkpoint): Promise<Answer>;
  close(): void;
}

interface Response {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** @throws QschedError (usage) for an address that is neither a Unix socket nor loopback */
export function connectServer(target: ServerTarget): ServerClient {
  const { model, address, timeoutSeconds, retries } = target;
  const at = readAddress(address);
  if (at === undefined) {
    throw new QschedError(
      'usage',
      `The server of the model "${model}" is at "${address}", which is neither a Unix socket nor a port of this machine.`,
      'Give unix:/path/to/socket or http://127.0.0.1:PORT.',
    );
  }
  const agent = new Agent({ keepAlive: true });
  const pool = bytePool();

  const once = (method: string, path: string, body?: Uint8Array, type?: string): Promise<Response> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': type, 'content-length': body.byteLength };
      const signal = AbortSignal.timeout(timeoutSeconds * 1000);
      const sent = request({ ...at, agent, method, path: `/v1/${path}`, headers, signal }, (answer) => {
        readAnswer(answer, pool).then(
          (read) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: read }),
          reject,
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });

  /** An answer that is not a server's trouble. */
  async function ask(path: string, body?: Uint8Array, type?: string, checkpoint?: Checkpoint): Promise<Response> {
    const method = body === undefined ? 'GET' : 'POST';
    for (let tries = 1; ; tries += 1) {
      const problem = await once(method, path, body, type).then(
        (response) => (response.status < 500 ? response : `answered ${response.status}: ${errorOf(response)}`),
        (error: unknown) => reasonOf(error, timeoutSeconds),
      );
      if (typeof problem !== 'string') return problem;
      if (tries > retries) {
        throw new QschedError(
          'failure',
          `The server of the model "${model}" at ${address} ${problem} (${method} /v1/${path}, ${tries} ${tries === 1 ? 'try' : 'tries'}).`,
          'Start it, or look at its own messages; docs/model-servers.md has the protocol.',
        );
      }
      await checkpoint?.();
      await sleep(1000 * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1)));
      await checkpoint?.();
    }
  }

  return {
    async describe() {
      const response = await ask('describe');
      if (response.status !== 200) throw refused(target, 'describe', response);
      return parseDescription(target, response.body);
    },
    async post(call, body, type, identity, checkpoint) {
      const response = await ask(call, body, type, checkpoint);
      const found = response.headers[IDENTITY_HEADER];
      if (response.status === GONE) return { unknown: unknownOf(response) };
      if (response.status !== 200) throw refused(target, call, response);
      if (found !== identity) throw changed(model, found);
      const instance = response.headers[INSTANCE_HEADER];
      if (typeof instance !== 'string') throw refused(target, call, { ...response, body: NAMELESS });
      return { body: response.body, instance, done: () => pool.give(response.body) };
    },
    close: () => agent.destroy(),
  };
}

function parseDescription({ model, address }: ServerTarget, body: Uint8Array): ServerDescription {
  const where = `The server of the model "${model}" at ${address}`;
  const hint = 'docs/model-servers.md has the protocol; use a server and a qsched of one release.';
  const answer = readBody(body);
  if (answer === undefined) {
    const text = excerpt(Buffer.from(body).toString('utf8'));
    throw new QschedError('failure', `${where} does not describe itself in JSON: ${text}`, hint, true);
  }
  const protocol = (answer as { protocol?: unknown } | null)?.protocol;
  if (protocol !== SERVER_PROTOCOL) {
    const found =
      protocol === undefined ? 'no protocol version' : `version ${JSON.stringify(protocol)} of the protocol`;
    throw new QschedError('failure', `${where} speaks ${found}, and this qsched ${SERVER_PROTOCOL}.`, hint, true);
  }
  const result = ServerDescription.safeParse(answer);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new QschedError(
    'failure',
    `${where} describes itself wrongly at ${issue!.path.join('.')}: ${issue!.message}.`,
    hint,
    true,
  );
}

const refused = ({ model, address }: ServerTarget, call: string, response: Response): QschedError =>
  new QschedError(
    'failure',
    `The server of the model "${model}" at ${address} refused ${call} (${response.status}): ${errorOf(response)}`,
    "Look at the server's own messages; docs/model-servers.md has the protocol.",
    true,
  );

/** The error for a server that is not the one that was described. */
export const changed = (model: string, found: unknown): QschedError =>
  new QschedError(
    'failure',
    `The server of the model "${model}" is not the one that was described: it answers as ${JSON.stringify(found ?? 'nothing')}.`,
    `Weights, versions or device changed. Ask it again and restart the workers: npx qsched describe ${model}`,
    true,
  );

function unknownOf({ body }: Response): readonly string[] {
  const parsed = ServerError.safeParse(readBody(body));
  return (parsed.success ? parsed.data.unknown : undefined) ?? [];
}

function errorOf({ body }: Response): string {
  const parsed = ServerError.safeParse(readBody(body));
  return excerpt(parsed.success ? parsed.data.error : Buffer.from(body).toString('utf8')) || 'nothing';
}

function reasonOf(error: unknown, timeoutSeconds: number): string {
  const code = (error as { code?: unknown }).code;
  const late = code === 'ABORT_ERR' || (error as Error).name === 'TimeoutError';
  if (late) return `did not answer within ${timeoutSeconds} s`;
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'is not running (connection refused)';
  if (code === 'ECONNRESET') return 'closed the connection';
  return `cannot be reached: ${messageOf(error)}`;
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT)}...` : line;
}
