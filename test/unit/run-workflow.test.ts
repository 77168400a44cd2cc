/** A short command in its host: its result, or an interruption that leaves in order. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../cli/host/host.js';
import { visitHost } from '../../cli/host/run-workflow.js';

const stop = vi.fn<() => Promise<void>>(async () => undefined);
let enter: () => Promise<Host>;
vi.mock('../../cli/host/host.js', () => ({ enterHost: () => enter() }));

const started: unknown[] = [];
const client = {
  workflow: {
    start: async (type: string, options: unknown) => {
      started.push([type, options]);
      return { result: async () => 42 };
    },
  },
};
const host = { client, broken: new Promise<never>(() => undefined), stop } as unknown as Host;

let listeners: number;
beforeEach(() => {
  listeners = process.listenerCount('SIGINT');
  enter = async () => host;
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  stop.mockClear();
});

/** The host is left once, and nobody listens for Ctrl-C any more. */
function expectLeft(): void {
  expect(stop).toHaveBeenCalledTimes(1);
  expect(process.listenerCount('SIGINT')).toBe(listeners);
}

const interrupt = (): void => {
  for (const listener of process.listeners('SIGINT').slice(listeners)) listener('SIGINT');
};

test('ends with what the workflow returns', async () => {
  expect(await visitHost({ models: ['m'] }, (run) => run<number>('ptqd', { a: 1 }))).toEqual({ result: 42 });
  expect(started).toMatchObject([
    ['ptqd', { workflowId: expect.stringMatching(/^ptqd-[0-9a-f]{12}$/) as unknown, args: [{ a: 1 }] }],
  ]);
  expectLeft();
});

test('is null after Ctrl-C, when the host is left', async () => {
  const visit = visitHost({ models: ['m'] }, async () => {
    interrupt();
    await new Promise(() => undefined);
  });
  expect(await visit).toBeNull();
  expectLeft();
});

test('is null after Ctrl-C before the host was ready, which is then left too', async () => {
  let ready: (one: Host) => void = () => undefined;
  enter = () =>
    new Promise((done) => {
      ready = done;
    });
  const visit = visitHost({ models: ['m'] }, async () => {
    throw new Error('was entered');
  });
  interrupt();
  setImmediate(() => ready(host));
  expect(await visit).toBeNull();
  expectLeft();
});

test('fails as its body fails', async () => {
  await expect(
    visitHost({ models: ['m'] }, async () => {
      throw new Error('no fit');
    }),
  ).rejects.toThrow('no fit');
  expectLeft();
});
