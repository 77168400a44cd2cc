/** A short command in its house: its result, or an interruption that leaves in order. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { House } from '../../cli/house/house.js';
import { visitHouse } from '../../cli/house/run-workflow.js';

const stop = vi.fn<() => Promise<void>>(async () => undefined);
let enter: () => Promise<House>;
vi.mock('../../cli/house/house.js', () => ({ enterHouse: () => enter() }));

const started: unknown[] = [];
const client = {
  workflow: {
    start: async (type: string, options: unknown) => {
      started.push([type, options]);
      return { result: async () => 42 };
    },
  },
};
const house = { client, broken: new Promise<never>(() => undefined), stop } as unknown as House;

let listeners: number;
beforeEach(() => {
  listeners = process.listenerCount('SIGINT');
  enter = async () => house;
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  stop.mockClear();
});

/** The house is left once, and nobody listens for Ctrl-C any more. */
function expectLeft(): void {
  expect(stop).toHaveBeenCalledTimes(1);
  expect(process.listenerCount('SIGINT')).toBe(listeners);
}

const interrupt = (): void => {
  for (const listener of process.listeners('SIGINT').slice(listeners)) listener('SIGINT');
};

test('ends with what the workflow returns', async () => {
  expect(await visitHouse({ models: ['m'] }, (run) => run<number>('ptqd', { a: 1 }))).toEqual({ result: 42 });
  expect(started).toMatchObject([
    ['ptqd', { workflowId: expect.stringMatching(/^ptqd-[0-9a-f]{12}$/) as unknown, args: [{ a: 1 }] }],
  ]);
  expectLeft();
});

test('is null after Ctrl-C, when the house is left', async () => {
  const visit = visitHouse({ models: ['m'] }, async () => {
    interrupt();
    await new Promise(() => undefined);
  });
  expect(await visit).toBeNull();
  expectLeft();
});

test('is null after Ctrl-C before the house was ready, which is then left too', async () => {
  let ready: (one: House) => void = () => undefined;
  enter = () =>
    new Promise((done) => {
      ready = done;
    });
  const visit = visitHouse({ models: ['m'] }, async () => {
    throw new Error('was entered');
  });
  interrupt();
  setImmediate(() => ready(house));
  expect(await visit).toBeNull();
  expectLeft();
});

test('fails as its body fails', async () => {
  await expect(
    visitHouse({ models: ['m'] }, async () => {
      throw new Error('no fit');
    }),
  ).rejects.toThrow('no fit');
  expectLeft();
});
