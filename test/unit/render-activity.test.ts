/** The `render` activity: what it renders with must be what was described, before and after. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkEvaluate } from '../../activities/check.js';
import { onEngine } from '../../activities/score.js';
import type { EngineClient } from '../../inference/engine/engine-client.js';
import { describeNetwork } from '../../inference/describe.js';
import type { RenderRequest } from '../../contract/wire/render.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { planNetwork } from '../../planning/network.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';

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

const WATCH = { signal: new AbortController().signal, onProgress: () => undefined };
const RESULT = { record: 'record' };

async function requestOf(): Promise<RenderRequest> {
  const scorers = ['objective', 'grader'];
  const description = await describeNetwork(
    { version: WIRE_VERSION, model: 'shapes', precision: 'w4a8', options: {}, scorers },
    {},
  );
  const { prepared } = planNetwork(description, {
    scheduler: { type: 'tcd', steps: 1, eta: 0 },
    objective: parseEvaluateSpec({ rows: [{ model: 'shapes' }] }).objective,
    beside: ['grader'],
    features: null,
  });
  return {
    version: WIRE_VERSION,
    network: prepared.wire,
    scorers: [...prepared.scorers],
    features: null,
    schedule: prepared.schedule,
    coefficients: { sample: [1], noise: [1] },
    prompts: [{ text: 'a red circle', nouns: null }],
    pairs: [[0, 1]],
    retryFailed: false,
  };
}

/** Renders nothing; what happens meanwhile is `meanwhile`. */
const rendering = (meanwhile: () => void) =>
  onEngine(
    {
      render: async () => {
        meanwhile();
        return RESULT;
      },
    } as unknown as EngineClient,
    {},
  );

test('a scorer behind HTTP that keeps its version is asked before and after', async () => {
  const request = await requestOf();
  const first = asked;
  expect(await rendering(() => undefined).render(request, WATCH)).toEqual(RESULT);
  expect(asked - first).toBe(2);
});

test('a scorer behind HTTP whose version changed meanwhile is refused for good', async () => {
  const request = await requestOf();
  const refused = rendering(() => {
    version = '2';
  }).render(request, WATCH);
  await expect(refused).rejects.toThrow('The files of the scorer "grader" on this worker differ');
  await expect(refused).rejects.toMatchObject({ final: true });
});

test('files of a network other than those that were described are refused for good', async () => {
  const request = await requestOf();
  const other = { ...request, network: { ...request.network, network: '0'.repeat(64) } };
  await expect(rendering(() => undefined).render(other, WATCH)).rejects.toMatchObject({ final: true });
});

test('every row is looked at, each with its own schedule', async () => {
  const row = { model: 'shapes', precision: 'w4a8', scheduler: { type: 'tcd' as const, steps: 2, eta: 0 } };
  const given = (sample: readonly number[], name: string) => ({
    ...row,
    schedule: { name, coefficients: { sample, noise: [1, 1] } },
  });
  const rows = [row, given([1, 1.1], 'one'), given([1, 1.2], 'two'), { ...row, precision: 'fp32' }];
  const spec = parseEvaluateSpec({ rows, prompts: { texts: ['a', 'b'], seeds: [1] } });
  await checkEvaluate({ spec, input: spec, patient: false }, async () => false);
  const wrong = spec.rows.map((one, i) =>
    i === 2 ? { ...one, schedule: { name: 'two', coefficients: { sample: [1], noise: [1] } } } : one,
  );
  await expect(
    checkEvaluate(
      { spec: { ...spec, rows: wrong }, input: { ...spec, rows: wrong }, patient: false },
      async () => false,
    ),
  ).rejects.toThrow('coefficients');
});
