/** The compute thread returns what the functions return here, and leaves the event loop free. It runs compiled code. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCompute, type ComputeClient } from '../../compute/compute-client.js';
import { summariseRow } from '../../compute/summarise-row.js';
import { judge } from '../../db/judge.js';
import { openSearch } from '../../db/searches.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { createOptimizer } from '../../optimizers/create.js';
import { jobOf, pairsOf, ShardBench } from './shard-bench.js';
import { makeSearch, path, reference, run, steps, store } from './store-fixture.js';
import { requestOf } from './summary-request.js';

let client: ComputeClient;
const start = (bench: { readonly folder: string }): ComputeClient =>
  startCompute({ databasePath: path, artefacts: bench.folder });

describe('the compute thread', () => {
  const bench = new ShardBench();
  let record: string;
  beforeAll(async () => {
    record = (await bench.render(jobOf(pairsOf(30)))).record;
  });
  afterAll(() => {
    bench.remove();
  });
  beforeEach(() => {
    client = start(bench);
  });
  afterEach(async () => {
    await client.close();
  });

  const judged = () => {
    const request = makeSearch('s', { confirm: 40 });
    openSearch(store, request);
    run(request, 'confirm', [steps(1), steps(0.9)], 0, (e) => [0.2 + ((e * 17) % 41) / 500, 0.5]);
    return {
      searchId: 's',
      contexts: reference(request, 'confirm').contexts,
      seeds: request.splits.confirm.seeds,
      objectives: ['objective', 'second'].map((scorer) => ({
        scorer,
        plan: planObjective({ type: 'jaq-clip', k: 2, scorer }),
      })),
    };
  };

  test('judges a search that another connection writes', async () => {
    const request = judged();
    const verdict = await client.judge(request);
    expect(verdict).toEqual(judge(store, request));
    expect(verdict.scorers).toHaveLength(2);
  });

  test('summarises a row from its artefacts', async () => {
    const request = requestOf([record], 30);
    const summary = await client.summarise(request);
    expect(summary).toEqual(await summariseRow(request, bench.artefacts));
    expect(summary.row).toMatchObject({ images: 60, records: [record] });
  });

  test('proposes what the optimizer would ask here, from its options and state alone', async () => {
    const options = { space: { lower: [0.8, 0.8], upper: [1.2, 1.2] }, seed: 3, budget: 40 };
    const optimizer = createOptimizer('cma-es', options);
    const first = await client.propose({ optimizer: 'cma-es', options, state: optimizer.state() });
    expect(first).toEqual(optimizer.ask());
    expect(first.length).toBeGreaterThan(1);
    optimizer.tell(
      first,
      first.map(([x]) => -Math.abs(x! - 1)),
    );
    expect(await client.propose({ optimizer: 'cma-es', options, state: optimizer.state() })).toEqual(optimizer.ask());
  });

  test('fails for good if the stored numbers cannot be used', async () => {
    const { prepared, ...rest } = requestOf([record], 30);
    const wrong = { ...rest, prepared: { ...prepared, reference: 'f'.repeat(64) } };
    await expect(client.summarise(wrong)).rejects.toThrow(
      expect.objectContaining({ name: 'QschedError', code: 'failure', final: true }),
    );
    const contexts = { objective: 'another', second: 'one' };
    await expect(client.judge({ ...judged(), contexts })).rejects.toThrow(
      expect.objectContaining({ name: 'QschedError', final: true }),
    );
  });

  test('can be cancelled before its turn, and continues with the next job', async () => {
    const abort = new AbortController();
    const [request, cancelled] = [client.summarise(requestOf([record], 30)), client.judge(judged(), abort)];
    abort.abort();
    await expect(cancelled).rejects.toThrow('Cancelled.');
    expect((await request).row.images).toBe(60);
  });
});
