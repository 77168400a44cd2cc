/**
 * What a search maximises, and under which constraint, through the command line on the bundled model.
 */
import { afterAll, expect, it } from 'vitest';
import type { SearchResult } from '../../contract/search-result.js';
import { cleanUp, newDataFolder, query, runCli, runJson } from './harness.js';

const SMALL = '--model shapes --steps 2 --count 8 --noise-seed 0 --select-count 6 --confirm-count 20'.split(' ');

afterAll(cleanUp);

it('k: auto is settled by the first candidates, stored, and shown', async () => {
  const data = newDataFolder();
  const result = await runJson<SearchResult>(['search', ...SMALL, '--budget', '16', '--k', 'auto'], data);
  expect(result.k!.value).toBeGreaterThan(0);
  const [{ k }] = query<{ k: number }>(data, 'select k from best_coefficients') as [{ k: number }];
  expect(k).toBe(result.k!.value);
  const again = await runCli(['rank', '--k', String(result.k!.value)], data);
  expect(again.code, again.stderr).toBe(0);
  // Both terms vary equally under it, over the candidates that it was settled on.
  const { best, identity } = result;
  expect(best.score - (best.terms.tc! + result.k!.value * best.terms.iq!)).toBeCloseTo(0, 9);
  expect(identity.score - (identity.terms.tc! + result.k!.value * identity.terms.iq!)).toBeCloseTo(0, 9);
});

it('--at-least keeps a candidate from buying quality with alignment, and is held against the held-out prompts', async () => {
  const data = newDataFolder();
  const args = ['search', ...SMALL, '--budget', '12', '--optimizer', 'random', '--at-least', 'text=0'];
  const result = await runJson<SearchResult>(args, data);
  const [constraint] = result.heldOut.constraints!;
  expect(constraint).toMatchObject({ name: 'text', atLeast: 0 });
  expect(constraint!.kept).toBe(constraint!.gain >= 0);
  expect(result.best.terms.tc!).toBeGreaterThanOrEqual(result.identity.terms.tc!);
});

it('objective: repair scores what full precision does not gain', async () => {
  const data = newDataFolder();
  const args = ['search', ...SMALL, '--budget', '8', '--goal', 'repair', '--control', 'evaluate'];
  const result = await runJson<SearchResult>(args, data);
  expect(result.goal).toBe('repair');
  expect(result.identity.score).toBe(0);
  const [split] = result.control!.repair!;
  expect(split!.repair.value).toBeCloseTo(split!.gain.value - Math.max(0, split!.full.value), 9);
  const view = query<{ scorer: string }>(data, 'select * from repair_split');
  expect(view.length).toBeGreaterThan(0);
});

it('repair without a full-precision network is refused at the door', async () => {
  const data = newDataFolder();
  const args = ['search', ...SMALL, '--goal', 'repair', '--precision', 'fp32'];
  const { code, stderr } = await runCli(args, data);
  expect(code).toBe(2);
  expect(stderr).toContain('there is nothing to repair');
  expect(stderr).not.toMatch(/\n {4}at /);
});
