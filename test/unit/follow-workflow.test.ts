/** Following a workflow: its result, its failures, and nothing left behind on the abort signal. */
import { getEventListeners } from 'node:events';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { followWorkflow, type Followed } from '../../cli/follow/follow-workflow.js';
import { ProgressLine } from '../../cli/follow/progress-line.js';
import { Terminal } from '../../cli/text/terminal.js';

const line = new ProgressLine(new Terminal({ write: () => true }));
const followed: Followed = {
  id: 'one',
  what: 'search',
  comeBack: 'Resume it',
  ask: async () => () => undefined,
};

/** A client whose results come from a function; the SDK's signal counts as a listener per call. */
function clientOf(result: () => Promise<unknown>, signal: AbortSignal): Client {
  return {
    withAbortSignal: (_: unknown, body: () => unknown) => {
      signal.addEventListener('abort', () => undefined);
      return body();
    },
    workflow: { getHandle: () => ({ result, describe: async () => ({ raw: {} }) }) },
  } as unknown as Client;
}

const failed = (cause: Error) => new WorkflowFailedError('failed', cause, 'NON_RETRYABLE_FAILURE');

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('hours of waiting add no listener to the signal', async () => {
  const { signal } = new AbortController();
  let calls = 0;
  const result = async (): Promise<unknown> => {
    calls += 1;
    await new Promise((done) => setTimeout(done, 40_000)); // a long call that the server cuts off
    if (calls < 200) throw new Error('deadline exceeded');
    return 'done';
  };
  const following = followWorkflow(clientOf(result, signal), followed, line, signal);
  await vi.advanceTimersByTimeAsync(200 * 41_000);
  expect(await following).toBe('done');
  expect(calls).toBe(200);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a server that stays away for a minute is reported', async () => {
  const { signal } = new AbortController();
  const away = async () => {
    throw new Error('14 UNAVAILABLE');
  };
  const asked = { ...followed, ask: away };
  const following = followWorkflow(clientOf(away, signal), asked, line, signal).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(65_000);
  expect(await following).toMatchObject({
    message: 'The Temporal server no longer answers: 14 UNAVAILABLE',
    hint: 'Everything stored is safe. Resume it',
  });
});

test('after the signal the promise remains pending, whatever the server says', async () => {
  const following = new AbortController();
  const result = async () => {
    following.abort();
    throw failed(new TerminatedFailure('gone'));
  };
  let ended = false;
  void followWorkflow(clientOf(result, following.signal), followed, line, following.signal).finally(() => {
    ended = true;
  });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(ended).toBe(false);
});

describe('a workflow that', () => {
  test.each<[string, Error, string, string]>([
    ['was cancelled', new CancelledFailure('x'), 'failure', 'The search was cancelled.'],
    ['was terminated', new TerminatedFailure('Not needed.'), 'failure', 'The search was terminated: Not needed.'],
    ['refused its input', ApplicationFailure.create({ message: 'Wrong.', type: 'usage' }), 'usage', 'Wrong.'],
    ['failed', ApplicationFailure.create({ message: 'Broken.', type: 'failure' }), 'failure', 'Broken.'],
  ])('%s ends with its sentence', async (_, cause, code, message) => {
    const { signal } = new AbortController();
    const client = clientOf(() => Promise.reject(failed(cause)), signal);
    await expect(followWorkflow(client, followed, line, signal)).rejects.toMatchObject({ code, message });
  });
});
