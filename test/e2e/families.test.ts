/**
 * A search of every family of models from its folder alone: `qsched search --model X --budget 4` and no other flag ends
 * with a verdict, or with exactly what is missing.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchResult } from '../../contract/search-result.js';
import { openConnection } from '../../temporal/open-connection.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { cleanUp, newDataFolder, query, runCli, runJson, startCli, startUp } from './harness.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const FIXTURES = join(ROOT, 'test', 'fixtures', 'pipelines');
const scorers = mkdtempSync(join(tmpdir(), 'qsched-families-'));
// Any CLIP will do: the networks are random.
cpSync(join(ROOT, 'models', 'shapes-clip'), join(scorers, 'clip-score'), { recursive: true });

const ALL = readdirSync(FIXTURES).sort();
const isQuantised = (model: string): boolean =>
  ['unet', 'transformer'].some((denoiser) => existsSync(join(FIXTURES, model, denoiser, 'model_w8a8.onnx')));
const QUANTISED = ALL.filter(isQuantised);
const PLAIN = ALL.filter((model) => !isQuantised(model));

afterAll(async () => {
  await cleanUp();
  rmSync(scorers, { recursive: true, force: true });
});

const specOf = (data: string, id: string): unknown =>
  JSON.parse(query<{ spec: string }>(data, 'select spec from searches where id = ?', id)[0]!.spec) as unknown;

describe('with a CLIP under the model roots', () => {
  const more = { QSCHED_MODELS: [FIXTURES, scorers].join(delimiter) };
  const data = newDataFolder();
  let address: string;
  beforeAll(async () => {
    ({ address } = await startUp(data, [], more));
  });

  it.each(QUANTISED)('%s is searched to a verdict', async (model) => {
    const result = await runJson<SearchResult>(['search', '--model', model, '--budget', '4'], data, more);
    expect(result).toMatchObject({ model, precision: 'w8a8', status: 'finished', trials: 4, failed: 0 });
    const { heldOut } = result;
    expect(heldOut.scorers.map(({ scorer, prompts }) => [scorer, prompts])).toEqual([['clip-score', 128]]);
    expect(['calibrated', 'identity']).toContain(heldOut.recommend);
    if (heldOut.recommend === 'calibrated') expect(heldOut.reason).toContain('It rests on one scorer');
    expect(specOf(data, result.searchId)).toMatchObject({
      prompts: { set: 'general-calibration' },
      select: { set: 'general-select' },
      confirm: { set: 'general-heldout', scorers: [] },
    });
  });

  it('a search that the Temporal CLI starts has the same spec and reuses its images', async () => {
    const connection = await openConnection({ address, namespace: 'default' }, 30_000);
    const result = (await new Client({ connection }).workflow.execute('search', {
      taskQueue: WORKFLOW_QUEUE,
      workflowId: 'by-temporal',
      args: [{ model: 'lcm', optimizer: { budget: 4 } }],
    })) as SearchResult;
    await connection.close();
    const [own] = query<{ id: string }>(data, "select id from searches where model = 'lcm' and id <> 'by-temporal'");
    expect(specOf(data, 'by-temporal')).toEqual(specOf(data, own!.id));
    expect(result.reused).toBe(result.evaluations);
  });

  it.each(PLAIN)('%s, which has no quantised network, says which command makes one', async (model) => {
    const { code, stderr } = await runCli(['search', '--model', model, '--budget', '4'], data, more);
    expect(code).toBe(2);
    expect(stderr).toContain(`--precision is missing: the model "${model}" has no quantised network, only fp32.`);
    expect(stderr).toContain(`python tools/quantise_model.py ${join(FIXTURES, model)}`);
  });

  it('all of them are listed with their precisions', async () => {
    const { models } = await runJson<{ models: { name: string; precisions: string[]; sha256: string }[] }>(
      ['models', FIXTURES],
      data,
    );
    expect(models.map(({ name, precisions }) => [name, precisions])).toEqual(
      ALL.map((model) => [model, isQuantised(model) ? ['fp16', 'fp32', 'w8a8'] : ['fp32']]),
    );
    for (const { sha256 } of models) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a model that only another worker has', () => {
  it('gets the defaults of its folder there', async () => {
    const data = newDataFolder();
    const { address } = await startUp(data);
    const worker = startCli(['worker', '--model', join(FIXTURES, 'sdxl')], newDataFolder(), {
      QSCHED_MODELS: scorers,
      TEMPORAL_ADDRESS: address,
    });
    await worker.says(/scoring sdxl/);
    const args = ['search', '--model', 'sdxl', '--budget', '4', '--confirm-count', '20'];
    const result = await runJson<SearchResult>(args, data);
    expect(result).toMatchObject({ model: 'sdxl', precision: 'w8a8', steps: 1, trials: 4 });
    expect(result.searchId).toMatch(/^sdxl-default-/);
    expect(specOf(data, result.searchId)).toMatchObject({
      precision: 'w8a8',
      scheduler: { type: 'euler-ancestral', steps: 1 },
      objective: { scorer: 'clip-score' },
      confirm: { set: 'general-heldout', scorers: [] },
    });
  });
});

it('without a scorer the error says how to make one, before anything is started', async () => {
  const data = newDataFolder();
  const { code, stderr } = await runCli(['search', '--model', join(FIXTURES, 'sd15'), '--budget', '4'], data);
  expect(code).toBe(2);
  expect(stderr).toContain('The model "sd15" has no scorer');
  expect(stderr).toContain('python tools/export_scorer.py clip-score --output');
  expect(stderr).not.toContain('starting');
});
