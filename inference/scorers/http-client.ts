/**
 * JSON over HTTP for scorers: a time limit per try, a limited number of tries, and errors that name the fix.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, QschedError } from '../../contract/errors.js';
import type { Checkpoint } from '../pipelines/pipeline.js';

/** Seconds before the second try, doubled for each further one. */
const FIRST_WAIT = 0.25;
const LONGEST_WAIT = 30;
const EXCERPT = 200;

/** Where and how a scorer is asked. */
export interface HttpTarget {
  readonly url: string;
  readonly timeoutSeconds: number;
  /** Further tries after the first. */
  readonly retries: number;
  /** Value of the Authorization header; removed from every message. */
  readonly authorization?: string;
  /** What to do if it cannot be reached. */
  readonly hint: string;
}

type Attempt =
  { readonly text: string } | { readonly problem: string; readonly again: boolean; readonly waitSeconds?: number };

/**
 * GET, or POST if there is a body. Network errors, 429 and 5xx are tried again.
 *
 * @returns the parsed answer
 * @throws QschedError (failure) naming method and URL; final if the answer is a redirect or another 4xx
 */
export async function requestJson(target: HttpTarget, body?: unknown, checkpoint?: Checkpoint): Promise<unknown> {
  const method = body === undefined ? 'GET' : 'POST';
  const where = `${method} ${target.url}`;
  const payload = body === undefined ? undefined : JSON.stringify(body);
  for (let tries = 1; ; tries += 1) {
    const attempt = await ask(target, method, payload);
    if ('text' in attempt) return parse(attempt.text, where, target);
    if (!attempt.again) {
      throw new QschedError(
        'failure',
        `${where} ${attempt.problem}.`,
        'Correct the url in scorer.json or the server; docs/scorers.md has the protocol.',
        true,
      );
    }
    if (tries > target.retries) {
      throw new QschedError(
        'failure',
        `${where} ${attempt.problem} (${tries} ${tries === 1 ? 'try' : 'tries'}).`,
        target.hint,
      );
    }
    await checkpoint?.();
    await sleep(1000 * Math.min(LONGEST_WAIT, attempt.waitSeconds ?? FIRST_WAIT * 2 ** (tries - 1)));
    await checkpoint?.();
  }
}

async function ask(target: HttpTarget, method: string, payload: string | undefined): Promise<Attempt> {
  const { url, timeoutSeconds, authorization } = target;
  try {
    const response = await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(payload === undefined ? {} : { body: payload }),
      redirect: 'manual', // following one would turn POST into GET
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    });
    const text = await response.text();
    if (response.ok) return { text };
    if (response.status < 400) {
      return {
        problem:
          `answered ${response.status}, a redirect to ` +
          excerpt(response.headers.get('location') ?? 'nowhere', target),
        again: false,
      };
    }
    const wait = Number(response.headers.get('retry-after') ?? NaN);
    return {
      problem: `answered ${response.status}${text === '' ? '' : `: ${excerpt(text, target)}`}`,
      again: response.status === 429 || response.status >= 500,
      ...(wait >= 0 ? { waitSeconds: wait } : {}),
    };
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      return { problem: `did not answer within ${timeoutSeconds} s`, again: true };
    }
    return { problem: `failed: ${excerpt(reasonOf(error), target)}`, again: true };
  }
}

/** fetch reports "fetch failed" and puts the reason in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return messageOf(error);
  const code = (cause as { code?: unknown }).code;
  if (code === 'ECONNREFUSED') return 'connection refused (ECONNREFUSED)';
  return cause.message || String(code);
}

function parse(text: string, where: string, target: HttpTarget): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new QschedError(
      'failure',
      `${where} did not answer with JSON: ${excerpt(text, target) || 'nothing'}`,
      'The server must answer JSON; NaN is not JSON: send null for an image without a score.',
    );
  }
}

function excerpt(text: string, { authorization }: HttpTarget): string {
  const safe = authorization === undefined ? text : text.replaceAll(authorization, '***');
  const line = safe.replaceAll(/\s+/g, ' ').trim();
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT)}...` : line;
}
