/** A command in its host: its result, or an interruption that leaves in order. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followedFit } from '../../cli/follow/follow-fit.js';
import { runToEnd, visitHost, type Visit } from '../../cli/follow/visit-host.js';
import type { Host } from '../../cli/host/host.js';
import { parseSearchSpec } from '../../contract/validate.js';

const stop = vi.fn<() => Promise<void>>(async () => undefined);
let enter: () => Promise<Host>;
vi.mock('../../cli/host/host.js', () => ({ enterHost: () => enter() }));

const VISIT: Visit = {
  models: ['m'],
  serving: {},
  wait: false,
  what: 'fit',
  kept: 'nothing is kept',
  comeBack: 'Run it again',
  followAgain: 'Follow it',
};
const started: unknown[] = [];
const client = {
  workflow: {
    start: async (type: string, options: unknown) => {
      started.push([type, options]);
      return {};
    },
    getHandle: () => ({ result: async () => 42, describe: async () => ({ raw: {} }) }),
  },
};
const never = new Promise<never>(() => undefined);
const host = (more: Partial<Host> = {}): Host =>
  ({ client, ours: true, uiUrl: null, broken: never, deserted: never, stop, ...more }) as unknown as Host;

let listeners: number;
let said: string;
beforeEach(() => {
  listeners = process.listenerCount('SIGINT');
  enter = async () => host();
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  stop.mockClear();
});

/** The host is left once, and nothing listens for Ctrl-C any more. */
function expectLeft(): void {
  expect(stop).toHaveBeenCalled();
  expect(process.listenerCount('SIGINT')).toBe(listeners);
}

const interrupt = (): void => {
  for (const listener of process.listeners('SIGINT').slice(listeners)) listener('SIGINT');
};
const interrupted = () =>
  visitHost(VISIT, async () => {
    interrupt();
    return never;
  });

test('a workflow runs to its result, under an id made from what it depends on', async () => {
  const search = parseSearchSpec({ model: 'm' });
  const choice = { method: 'ptqd', gamma: 'std', bias: 'channel' } as const;
  const outcome = await runToEnd<number>({ ...VISIT, ...followedFit({ search, choice }) });
  expect(outcome?.result).toBe(42);
  expect(started).toMatchObject([
    [
      'ptqd',
      {
        workflowId: expect.stringMatching(/^ptqd-[0-9a-f]{12}$/) as unknown,
        args: [{ search, gamma: 'std', bias: 'channel' }],
      },
    ],
  ]);
  expectLeft();
});

test('Ctrl-C leaves the host, and says what is kept', async () => {
  expect(await interrupted()).toBeNull();
  expect(said).toContain('stopping ...; press Ctrl-C again to force\n');
  expect(said).toContain('interrupted; nothing is kept. Run it again\n');
  expectLeft();
});

test('Ctrl-C detaches from the workers of another process', async () => {
  enter = async () => host({ ours: false });
  expect(await interrupted()).toBeNull();
  expect(said).toContain('detaching ...; press Ctrl-C again to force\n');
  expect(said).toContain('the fit keeps running on the server. Follow it\n');
  expectLeft();
});

test('Ctrl-C before the host is ready leaves it when it is', async () => {
  let ready: (one: Host) => void = () => undefined;
  enter = () =>
    new Promise((done) => {
      ready = done;
    });
  const visit = visitHost(VISIT, async () => {
    throw new Error('was entered');
  });
  interrupt();
  setImmediate(() => ready(host()));
  expect(await visit).toBeNull();
  expectLeft();
});

test('the body runs again in this process if the one with the workers goes away', async () => {
  const hosts = [host({ ours: false, deserted: Promise.resolve() }), host()];
  enter = async () => hosts.shift()!;
  const outcome = await visitHost(VISIT, async ({ first }) => (first ? never : 'taken over'));
  expect(outcome?.result).toBe('taken over');
  expect(said).toContain('this one takes its place\n');
  expectLeft();
});

test('fails as its body fails', async () => {
  await expect(
    visitHost(VISIT, async () => {
      throw new Error('no fit');
    }),
  ).rejects.toThrow('no fit');
  expectLeft();
});
