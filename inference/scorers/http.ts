/**
 * A score behind HTTP, for code that does not run in Node: images and prompts are sent as one JSON document, numbers
 * come back. docs/scorers.md has the protocol.
 */
import { encode } from 'fast-png';
import { z } from 'zod';
import { checkImage, type RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../contract/errors.js';
import { requestJson, type HttpTarget } from './http-client.js';
import {
  declaredScores,
  DeclaredScores,
  parseManifest,
  rowsOfColumns,
  type Complaint,
  type DeclaredScore,
} from './plugin.js';
import type { ScoredImage, Scorer } from './scorer.js';
import type { ScorerFolder, ScorerKind } from './scorer-kind.js';

const URL_RULE = 'must be a URL such as "http://127.0.0.1:8765/", without user and password';
const BATCH_RULE = 'must be a whole number from 1 to 1024';
const RETRIES_RULE = 'must be a whole number from 0 to 20';
const TIMEOUT_RULE = 'must be a number of seconds above 0, at most 300';

const Manifest = z.strictObject({
  kind: z.literal('http'),
  url: z.string(URL_RULE).refine(isPlainUrl, URL_RULE),
  /** Per try. Node's fetch has its own limit of 300 s. */
  timeoutSeconds: z.number(TIMEOUT_RULE).gt(0, TIMEOUT_RULE).max(300, TIMEOUT_RULE).default(60),
  /** Further tries after the first. */
  retries: z.int(RETRIES_RULE).min(0, RETRIES_RULE).max(20, RETRIES_RULE).default(3),
  /** Images per request. */
  batch: z.int(BATCH_RULE).min(1, BATCH_RULE).max(1024, BATCH_RULE).default(16),
  scores: DeclaredScores,
  /** The environment variable that holds the Authorization header: its name, never its value. */
  authorizationEnv: z
    .string('must be the name of an environment variable')
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .optional(),
  /** The command that starts the server, for messages. */
  start: z.string('must be a command').min(1, 'must not be empty').max(500, 'takes at most 500 characters').optional(),
});

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

/** The identity that a server reports. */
interface Identity {
  readonly id: string;
  readonly version: string;
}

/** A server that speaks the protocol of docs/scorers.md. */
export const httpScorer: ScorerKind = {
  version: 'http-1',
  files: [],
  make: 'docs/scorers.md describes scorer.json and the protocol.',
  check(manifest, folder) {
    parseManifest(Manifest, manifest, folder);
    return declaredScores(manifest, folder).map(({ name }) => name);
  },
  identify: async (folder) => ({
    server: await readIdentity(targetOf(folder), declaredScores(folder.manifest, folder.folder)),
  }),
  open: openHttp,
};

function targetOf({ folder, manifest }: ScorerFolder): HttpTarget {
  const { url, timeoutSeconds, retries, authorizationEnv, start } = parseManifest(Manifest, manifest, folder);
  const begin = start === undefined ? 'Start the scorer behind it' : `Start it: ${start} (in ${folder})`;
  const or = 'or correct the url in scorer.json; if it is only slow, raise timeoutSeconds or lower batch.';
  const hint = `${begin}, ${or}`;
  const target = { url, timeoutSeconds, retries, hint };
  if (authorizationEnv === undefined) return target;
  const authorization = process.env[authorizationEnv]?.trim() ?? '';
  if (!/^[\x20-\x7e]+$/.test(authorization)) {
    throw new QschedError(
      'usage',
      `The scorer in ${folder} needs the environment variable ${authorizationEnv}, which ` +
        `${authorization === '' ? 'is not set here' : 'holds characters that no header takes'}.`,
      `Set ${authorizationEnv} for the workers, as in "Bearer ...".`,
    );
  }
  return { ...target, authorization };
}

async function readIdentity(target: HttpTarget, declared: readonly DeclaredScore[]): Promise<Identity> {
  const complaint = complaintAbout(`GET ${target.url}`);
  const answer = objectOf(await requestJson(target), complaint, '{"id", "version"}');
  for (const key of ['id', 'version'] as const) {
    if (typeof answer[key] !== 'string' || answer[key] === '') {
      throw complaint(`"${key}" is ${JSON.stringify(answer[key]) ?? 'missing'}, expected a text that is not empty`);
    }
  }
  if (answer['scores'] !== undefined) compareScores(answer['scores'], declared, complaint);
  return { id: answer['id'] as string, version: answer['version'] as string };
}

/** A server that states its scores must have all that scorer.json declares, in the same direction. */
function compareScores(stated: unknown, declared: readonly DeclaredScore[], complaint: Complaint): void {
  if (!Array.isArray(stated)) throw complaint('"scores" is not a list, expected [{"name", "direction"}]');
  for (const { name, direction } of declared) {
    const found = (stated as { name?: unknown; direction?: unknown }[]).find((one) => one?.name === name);
    if (found === undefined) throw complaint(`it has no score "${name}", which scorer.json declares`);
    if (found.direction !== undefined && found.direction !== direction) {
      throw complaint(
        `its score "${name}" has the direction ${JSON.stringify(found.direction)}, scorer.json declares "${direction}"`,
      );
    }
  }
}

async function openHttp(folder: ScorerFolder): Promise<Scorer> {
  const { role, names } = folder;
  const { batch } = parseManifest(Manifest, folder.manifest, folder.folder);
  const declared = declaredScores(folder.manifest, folder.folder);
  const target = targetOf(folder);
  const complaint = complaintAbout(`POST ${target.url}`);
  const changed = complaintAbout(
    `POST ${target.url}`,
    'The server was changed during the run. Nothing of this batch is stored; run the command again: ' +
      'scores of another version are stored under other keys.',
  );
  let opened: Identity | undefined = await readIdentity(target, declared);

  return {
    role,
    names,
    async score(images, checkpoint) {
      const expected = (opened ??= await readIdentity(target, declared));
      const rows: Float64Array[] = [];
      for (let start = 0; start < images.length; start += batch) {
        const slice = images.slice(start, start + batch);
        const answer = objectOf(
          await requestJson(target, bodyOf(slice), checkpoint),
          complaint,
          '{"version", "scores"}',
        );
        const other = (['id', 'version'] as const).find(
          (key) => answer[key] !== expected[key] && !(key === 'id' && answer[key] === undefined),
        );
        if (other !== undefined) {
          opened = undefined; // the next call asks again, since its key is made with the identity of that time
          throw changed(`"${other}" is ${JSON.stringify(answer[other]) ?? 'missing'}, expected "${expected[other]}"`);
        }
        rows.push(...rowsOfColumns(answer['scores'], names, slice.length, complaint));
        await checkpoint?.();
      }
      return rows;
    },
    release: async () => {},
  };
}

const bodyOf = (images: readonly ScoredImage[]): { images: string[]; prompts: string[] } => ({
  images: images.map(({ image }) => Buffer.from(pngOf(image)).toString('base64')),
  prompts: images.map(({ text }) => text),
});

/** 8-bit RGB, lossless. */
function pngOf(image: RgbImage): Uint8Array {
  checkImage(image);
  return encode({ width: image.width, height: image.height, data: image.data, channels: 3, depth: 8 });
}

const complaintAbout =
  (
    where: string,
    hint = 'Correct the server, or "scores" in scorer.json; nothing of this batch is stored. ' +
      'docs/scorers.md has the protocol.',
  ): Complaint =>
  (what) =>
    new QschedError('failure', `${where} answered wrongly: ${what}.`, hint);

function objectOf(value: unknown, complaint: Complaint, expected: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw complaint(`it is ${Array.isArray(value) ? 'a list' : JSON.stringify(value)}, expected ${expected}`);
  }
  return value as Record<string, unknown>;
}
