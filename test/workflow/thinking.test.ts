/**
 * An optimizer that thinks: its points are proposed on the compute queue, and those that are stored are authoritative when
 * the search is run again. CMA-ES is marked as one that thinks in this bundle.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ProposeRequest } from '../../compute/compute-messages.js';
import { trials } from '../../db/schema.js';
import { proposeBatch } from '../../optimizers/create.js';
import type { Point } from '../../optimizers/optimizer.js';
import { createWorld, SERVED, type FakeWorld } from './fake-world.js';

const BUNDLE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist', 'workflow-bundle.js');
const ENTRY = "'cma-es': {";

function thinkingBundle(): string {
  const code = readFileSync(BUNDLE, 'utf8');
  expect(code.split(ENTRY)).toHaveLength(2);
  return code.replace(ENTRY, `${ENTRY} thinks: true,`);
}

let world: FakeWorld;
let asked: ProposeRequest[];
let answer: (request: ProposeRequest) => readonly Point[];
beforeAll(async () => {
  asked = [];
  answer = ({ optimizer, options, state }) => proposeBatch(optimizer, options, state);
  world = await createWorld([], undefined, 100, {
    workflowBundle: { code: thinkingBundle() },
    propose: async (request) => {
      asked.push(request);
      return answer(request);
    },
  });
  world.scoreBy(({ sample }) => ({ cosine: 0.3, quality: 1 - Math.abs(sample[0]! - 1.1) }));
});
afterAll(async () => {
  await world.close();
});

const SPEC = {
  model: SERVED!,
  scheduler: { steps: 2 },
  optimizer: { type: 'cma-es' as const, budget: 20, batch: 8 },
  prompts: { count: 2, seeds: [0] },
  select: { count: 2, finalists: 2 },
  confirm: { count: 4 },
};
const pointsOf = (id: string) =>
  world.store
    .select()
    .from(trials)
    .where(eq(trials.searchId, id))
    .all()
    .filter(({ stage, number }) => stage === 'calibration' && number > 0)
    .map(({ point }) => point);

it('proposes on the compute queue, batch by batch, with the state after the batch before', async () => {
  const result = await (await world.start('thinking', SPEC)).result();
  expect(result).toMatchObject({ trials: 20, status: 'finished' });
  expect(asked.map(({ optimizer, state }) => [optimizer, state.asked])).toEqual([
    ['cma-es', 0],
    ['cma-es', 8],
    ['cma-es', 16],
  ]);
  expect(pointsOf('thinking')).toHaveLength(20);
});

it('run again, uses the points that are stored, whatever it would propose today', async () => {
  const before = pointsOf('thinking');
  asked = [];
  answer = () => {
    throw new Error('it must not be asked again');
  };
  world.requests.length = 0;
  const again = await (await world.start('thinking', SPEC)).result();
  expect(again).toMatchObject({ trials: 20, status: 'finished' });
  expect(asked).toEqual([]);
  expect(world.requests).toEqual([]);
  expect(pointsOf('thinking')).toEqual(before);
});

it('that grows, proposes from where the stored points end', async () => {
  asked = [];
  answer = ({ optimizer, options, state }) => proposeBatch(optimizer, options, state);
  const grown = { ...SPEC, optimizer: { ...SPEC.optimizer, budget: 32 } };
  const before = pointsOf('thinking');
  await (await world.start('thinking', grown)).result();
  expect(pointsOf('thinking').slice(0, 20)).toEqual(before);
  expect(pointsOf('thinking')).toHaveLength(32);
  // The stored batch that the budget had cut short is told as it is; what is proposed then completes its generation.
  expect(asked.map(({ state }) => state.asked)).toEqual([20, 24]);
});
