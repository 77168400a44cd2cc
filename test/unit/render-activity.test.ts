/** The `render` activity: what it draws with must be what was prepared, before and after. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkEvaluate } from '../../activities/check.js';
import { renderOnEngine } from '../../activities/render.js';
import type * as CheckScorers from '../../inference/scorers/check-scorers.js';
import type { EngineClient } from '../../inference/engine/engine-client.js';
import { numericClass } from '../../inference/models/numeric-class.js';
import { prepareNetwork } from '../../inference/prepare/prepare-evaluate.js';
import type { RenderRequest } from '../../contract/evaluate-payloads.js';
import { checkScorers } from '../../inference/scorers/check-scorers.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';

vi.mock('../../inference/scorers/check-scorers.js', async (original) => {
  const real = await original<typeof CheckScorers>();
  return { ...real, checkScorers: vi.fn<typeof real.checkScorers>(real.checkScorers) };
});

let models: string;
let server: Server;
let version: string;
let asked: number;
const before = process.env['QSCHED_MODELS'];
beforeEach(async () => {
  models = mkdtempSync(join(tmpdir(), 'qsched-render-activity-'));
  process.env['QSCHED_MODELS'] = models;
  version = '1';
  asked = 0;
  server = createServer((_, response) => {
    asked += 1;
    response.end(JSON.stringify({ id: 'grader', version }));
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  mkdirSync(join(models, 'grader'));
  const scores = [{ name: 'grade', direction: 'higher', judges: 'quality', range: [0, 1] }];
  writeFileSync(join(models, 'grader', 'scorer.json'), JSON.stringify({ kind: 'http', url, retries: 0, scores }));
});
afterEach(() => {
  if (before === undefined) delete process.env['QSCHED_MODELS'];
  else process.env['QSCHED_MODELS'] = before;
  server.closeAllConnections();
  server.close();
  rmSync(models, { recursive: true, force: true });
});

const RESULT = { record: '', drawn: 1, reused: 0, failed: [], damaged: 0, seconds: 0 };
const NUMERIC = numericClass(20);
const WATCH = { signal: new AbortController().signal, onProgress: () => undefined };

async function requestOf(): Promise<RenderRequest> {
  const scheduler = { type: 'tcd' as const, steps: 1, eta: 0 };
  const prompts = { texts: ['a red circle', 'a blue square'], seeds: [1] };
  const spec = parseEvaluateSpec({
    rows: [{ model: 'shapes', precision: 'w4a8', scheduler, schedule: 'identity' }],
    prompts,
    scorers: ['grader'],
    features: null,
  });
  const prepared = await prepareNetwork(
    {
      model: 'shapes',
      precision: 'w4a8',
      scheduler,
      objective: spec.objective,
      scorers: ['grader'],
      features: null,
      prompts: spec.prompts,
    },
    NUMERIC,
  );
  const split = { set: 'own', texts: ['a red circle'], count: 1, sha256: '', nounsSha256: null, seeds: [1] };
  return {
    prepared,
    schedule: { coefficients: { sample: [1], noise: [1] } },
    split,
    from: 0,
    to: 1,
    retryFailed: false,
  } as unknown as RenderRequest;
}

/** Draws nothing; what happens meanwhile is `meanwhile`. */
const rendering = (meanwhile: () => void) =>
  renderOnEngine(
    {
      render: async () => {
        meanwhile();
        return RESULT;
      },
    } as unknown as EngineClient,
    NUMERIC,
  );

test('a scorer behind HTTP that keeps its version is asked before and after', async () => {
  const request = await requestOf();
  const first = asked;
  expect(await rendering(() => undefined).render(request, WATCH)).toEqual(RESULT);
  expect(asked - first).toBe(2);
});

test('a scorer behind HTTP whose version changed meanwhile is refused', async () => {
  const request = await requestOf();
  await expect(
    rendering(() => {
      version = '2';
    }).render(request, WATCH),
  ).rejects.toThrow('The files of scorer "grader" on this worker differ');
});

test('rows that share a network look at its files once, and each at its own schedule', async () => {
  const row = { model: 'shapes', precision: 'w4a8', scheduler: { type: 'tcd' as const, steps: 2, eta: 0 } };
  const given = (sample: readonly number[], name: string) => ({
    ...row,
    schedule: { name, coefficients: { sample, noise: [1, 1] } },
  });
  const rows = [row, given([1, 1.1], 'one'), given([1, 1.2], 'two'), { ...row, precision: 'fp32' }];
  const spec = parseEvaluateSpec({ rows, prompts: { texts: ['a', 'b'], seeds: [1] } });
  vi.mocked(checkScorers).mockClear();
  await checkEvaluate({ spec, patient: false }, async () => false);
  expect(vi.mocked(checkScorers)).toHaveBeenCalledTimes(2);
  const wrong = spec.rows.map((one, i) =>
    i === 2 ? { ...one, schedule: { name: 'two', coefficients: { sample: [1], noise: [1] } } } : one,
  );
  await expect(checkEvaluate({ spec: { ...spec, rows: wrong }, patient: false }, async () => false)).rejects.toThrow(
    'coefficients',
  );
});
