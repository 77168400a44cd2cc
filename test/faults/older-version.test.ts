/**
 * A search that 0.1.0 left open, killed in the middle (test/fixtures/open-run-0.1.0): its workflow is ended with a
 * sentence, and `resume` continues it from the database without scoring anything again.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Client, WorkflowFailedError } from '@temporalio/client';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SearchResult } from '../../contract/search-result.js';
import { evaluationKey } from '../../db/keys.js';
import { findExecutable } from '../../temporal/executable.js';
import { openConnection } from '../../temporal/open-connection.js';
import { databaseFile } from '../../temporal/server-process.js';
import { startServer } from '../../temporal/server.js';
import { cleanUp, newDataFolder, query, runCli, runJson } from '../e2e/harness.js';

const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'open-run-0.1.0');
const ID = 'shapes-w4a8-cma-es-153efcd4';
/** Images that 0.1.0 had scored: 11 candidates on 2 prompts. */
const STORED = 22;
/** What 0.1.0 was asked for (scripts/record-older-run.ts), and what it did without being asked: it raced nobody. */
const SPEC = `model: shapes
scheduler: { steps: 2 }
prompts: { count: 2, seeds: [0] }
optimizer: { type: cma-es, budget: 24, batch: 4 }
racing: off
select: { count: 2, finalists: 2 }
confirm: { count: 4 }
`;
const ROWS = 'select key, context_id, candidate_id, prompt_id, seed, status, terms, created_at from evaluations';

interface Context {
  readonly id: string;
  readonly precision: string;
  readonly scorer: string;
  readonly provenance: string;
}

interface Row {
  readonly key: string;
  readonly context_id: string;
  readonly candidate_id: string;
  readonly prompt_id: string;
  readonly seed: number;
}

/** A data folder as 0.1.0 left it. */
let data: string;
/** The same search by this version alone. */
let fresh: SearchResult;
let contexts: Context[];
/** Whether the scores of 0.1.0 are those that this machine computes. */
let sameClass: boolean;

const contextsOf = (folder: string): Context[] => query<Context>(folder, 'select * from contexts order by id');

const withoutClass = ({ provenance }: Context): object => ({ ...JSON.parse(provenance), numeric: null }) as object;

/** Moves stored scores to the contexts of this machine, which differ in nothing but the numeric class. */
function moveToThisMachine(): void {
  const database = new Database(join(data, 'qsched.db'));
  database.pragma('foreign_keys = off');
  for (const { id, precision, scorer } of contextsOf(data)) {
    const own = contexts.find((one) => one.precision === precision && one.scorer === scorer)!;
    database.prepare('update contexts set id = ?, provenance = ? where id = ?').run(own.id, own.provenance, id);
    database.prepare('update search_contexts set context_id = ? where context_id = ?').run(own.id, id);
    database.prepare('update evaluations set context_id = ? where context_id = ?').run(own.id, id);
  }
  const setKey = database.prepare('update evaluations set key = ? where key = ?');
  for (const { key, context_id, candidate_id, prompt_id, seed } of database.prepare<[], Row>(ROWS).all()) {
    setKey.run(evaluationKey(context_id, candidate_id, prompt_id, seed), key);
  }
  database.close();
}

beforeAll(async () => {
  const folder = newDataFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'search.yaml'), SPEC);
  fresh = await runJson<SearchResult>(['search', join(folder, 'search.yaml')], folder);
  contexts = contextsOf(folder);
  data = newDataFolder();
  mkdirSync(data, { recursive: true });
  const unpack = (name: string, path: string): void =>
    writeFileSync(path, gunzipSync(readFileSync(join(FIXTURE, `${name}.gz`))));
  unpack('qsched.db', join(data, 'qsched.db'));
  unpack('temporal-1.29.1.db', databaseFile(data, (await findExecutable())!.serverVersion));
});

afterAll(cleanUp);

it('has the id and the contexts that this version computes, the numeric class aside', () => {
  expect(fresh.searchId).toBe(ID);
  const older = contextsOf(data);
  const own = older.map(({ precision, scorer }) =>
    contexts.find((one) => one.precision === precision && one.scorer === scorer),
  );
  expect(older.map(withoutClass)).toEqual(own.map((context) => withoutClass(context!)));
  sameClass = older.every(({ id }) => contexts.some((context) => context.id === id));
  if (!sameClass) moveToThisMachine();
});

it('is resumed from the database, and what 0.1.0 scored is not scored again', async () => {
  const before = query<Row>(data, ROWS);
  expect(before).toHaveLength(STORED);
  const { code, stdout, stderr } = await runCli(['resume', '--json'], data);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(ID);
  const result = JSON.parse(stdout) as SearchResult;
  expect(result).toMatchObject({ searchId: ID, status: 'finished', trials: fresh.trials, failed: 0 });

  const after = query<Row>(data, ROWS);
  const kept = new Set(before.map(({ key }) => key));
  expect(after.filter(({ key }) => kept.has(key))).toEqual(before);
  const [images] = query<{ scored: number }>(
    data,
    'select sum(evaluations) as scored from work where search_id = ?',
    ID,
  );
  expect(images!.scored).toBe(result.evaluations - before.length);
  if (!sameClass) return;
  expect(result).toMatchObject({ best: fresh.best, identity: fresh.identity, heldOut: fresh.heldOut });
  expect(result.evaluations).toBe(fresh.evaluations);
});

it('ended the workflow of 0.1.0 with how to continue', async () => {
  const server = await startServer({ dataFolder: data, onProgress: () => undefined });
  const connection = await openConnection(server, 5000);
  try {
    const client = new Client({ connection });
    const ends: string[] = [];
    for await (const { runId, status } of client.workflow.list({ query: `WorkflowId = '${ID}'` })) {
      const why = await client.workflow
        .getHandle(ID, runId)
        .result()
        .then(() => null)
        .catch((error: unknown) => (error instanceof WorkflowFailedError ? error.cause?.message : error));
      ends.push(`${status.name}: ${String(why)}`);
    }
    expect(ends.sort()).toEqual([
      'COMPLETED: null',
      `TERMINATED: This run was started by qsched 0.1; continue it with: npx qsched resume ${ID}`,
    ]);
  } finally {
    await connection.close();
    await server.stop();
  }
});
