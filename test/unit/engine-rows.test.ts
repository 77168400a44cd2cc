/** The rows that a plan foretells are those that the engine counts, block by block. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openArtefactFolder } from '../../artefacts/artefact-store.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { toWireSchedule } from '../../contract/wire/schedule.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { createGenerator } from '../../inference/engine/generate-blocks.js';
import { scoreJob } from '../../inference/engine/score-job.js';
import { engineRows } from '../../planning/cost/engine-rows.js';
import { fleetRows } from '../../planning/cost/fleet-rows.js';
import { distinctTrajectories } from '../../planning/cost/trajectories.js';
import { blockImages, startPace } from '../../workflows/scoring/pace.js';
import { slabTrials, Work } from '../../workflows/scoring/work.js';
import { blockRequest, imagesOf } from '../../workflows/scoring/block-request.js';
import { fakePipeline } from './fake-pipeline.js';

const PROMPTS = ['a red circle', 'a blue square', 'a green ring', 'nothing', 'a dot'];
const SEEDS = [0, 1];
const PAIRS = PROMPTS.length * SEEDS.length;
const PLENTY = 1e6;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-rows-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function network(steps: number) {
  const scheduler = createScheduler({ type: 'tcd' });
  scheduler.setTimesteps(steps, { eta: 0.3 });
  return {
    model: 'm',
    scorers: [{ role: 'objective', name: 'fake', kind: 'clip', names: ['pixels'], fingerprint: '0'.repeat(64) }],
    wire: { model: 'm', precision: 'p', options: {}, network: '0'.repeat(64) },
    schedule: toWireSchedule(scheduler.fused()),
  };
}

/** A process with an engine that computes; `count` images were decoded. */
function realWorker(batch: number, name: string) {
  let decodes = 0;
  const pipeline = fakePipeline({
    batch,
    onCall: (call, rows) => {
      if (call === 'decode') decodes += Number(rows);
    },
  });
  const generator = createGenerator(pipeline);
  const artefacts = openArtefactFolder(join(folder, name));
  const tools = {
    artefacts: () => artefacts,
    generator: async () => generator,
    scorer: async (role: string) => ({
      role,
      names: ['pixels'],
      score: async (images: readonly unknown[]) => images.map(() => Float64Array.of(1)),
      release: async () => undefined,
    }),
  };
  return {
    score: (request: Parameters<typeof scoreJob>[0]) => scoreJob(request, tools),
    counts: () => ({ denoiserRows: pipeline.rows.denoiser, paddedRows: pipeline.rows.padded, decodes }),
  };
}

const trialsOf = (candidates: readonly Coefficients[]) =>
  candidates.map((coefficients, index) => ({ index, coefficients, missing: null }));

/** Coefficients that differ from the first step on. */
const different = (count: number, steps: number, from = 0): Coefficients[] =>
  Array.from({ length: count }, (_, k) => ({
    sample: new Array<number>(steps).fill(1 + (from + k) / 100),
    noise: new Array<number>(steps).fill(1),
  }));

interface Case {
  readonly steps: number;
  readonly batch: number;
  readonly block: number;
  readonly workers?: number;
  readonly keepImages?: boolean;
}

/** Gives the batches out to real engines, block by block in turn, and to the arithmetic. */
async function both(batches: readonly (readonly Coefficients[])[], { steps, batch, block, ...more }: Case) {
  const { workers = 1, keepImages = false } = more;
  const real = Array.from({ length: workers }, (_, i) => realWorker(batch, `${Math.random()}-${i}`));
  const told = Array.from({ length: workers }, () =>
    engineRows({ steps, batch, rowsPerLatent: 1, remembered: PLENTY }),
  );
  const foretold = { denoiserRows: 0, paddedRows: 0, decodes: 0 };
  const context = {
    prepared: network(steps) as never,
    scorers: ['objective'],
    prompts: PROMPTS.map((text) => ({ text, nouns: null })),
    seeds: SEEDS,
    keepImages,
  };
  const pairs = Array.from({ length: PAIRS }, (_, i) => i);
  for (const candidates of batches) {
    const work = new Work(trialsOf(candidates), PAIRS, candidates.length);
    const slab = { candidates: candidates.length, pairs, distinct: distinctTrajectories(candidates) };
    for (let at = 0, turn = 0; work.left > 0; turn += 1) {
      const pieces = work.take(block);
      await real[turn % workers]!.score({ ...blockRequest(pieces, context), version: WIRE_VERSION });
      const one = told[turn % workers]!(slab, [at, at + imagesOf(pieces)], keepImages);
      foretold.denoiserRows += one.denoiserRows;
      foretold.paddedRows += one.paddedRows;
      foretold.decodes += one.decodes;
      at += imagesOf(pieces);
    }
  }
  const counted = { denoiserRows: 0, paddedRows: 0, decodes: 0 };
  for (const { counts } of real) {
    const own = counts();
    counted.denoiserRows += own.denoiserRows;
    counted.paddedRows += own.paddedRows;
    counted.decodes += own.decodes;
  }
  return { counted, foretold };
}

const search = (steps: number) => [different(1, steps), different(7, steps, 1), different(7, steps, 10)];

describe('the rows of a baseline and two generations', () => {
  test.each<Case>([
    { steps: 4, batch: 4, block: 4 },
    { steps: 4, batch: 4, block: 12 },
    { steps: 4, batch: 20, block: 20 },
    { steps: 2, batch: 8, block: 1000 },
    { steps: 1, batch: 4, block: 8 },
    { steps: 3, batch: 1, block: 5 },
    { steps: 4, batch: 4, block: 8, workers: 3 },
    { steps: 4, batch: 4, block: 8, keepImages: true },
    { steps: 2, batch: 16, block: 48, keepImages: true },
  ])('%j', async (about) => {
    const { counted, foretold } = await both(search(about.steps), about);
    expect(foretold).toEqual(counted);
    expect(counted.paddedRows).toBeGreaterThan(0);
  });
});

test('candidates that begin alike share rows: those of a grid', async () => {
  const values = [0.9, 1, 1.1];
  const steps = 3;
  const grid = values.flatMap((a) =>
    values.flatMap((b) => values.map((c) => ({ sample: [a, b, c], noise: [1, 1, 1] }))),
  );
  for (const block of [4, 8, 28, 1000]) {
    const { counted, foretold } = await both([grid], { steps, batch: 4, block });
    expect(foretold).toEqual(counted);
    expect(counted.decodes).toBeGreaterThan(counted.denoiserRows / steps);
  }
  // 1 + 3 + 9 calls per pair and 27 images.
  const { counted } = await both([grid], { steps, batch: 4, block: 1000 });
  expect(counted).toMatchObject({ denoiserRows: PAIRS * 13, decodes: PAIRS * 27 });
});

test('first calls that a process has forgotten are made again, the least recently used first', () => {
  const engine = engineRows({ steps: 2, batch: 1, rowsPerLatent: 1, remembered: 2 });
  const rows = (...pairs: number[]) => engine({ candidates: 1, pairs }, [0, pairs.length]).denoiserRows - pairs.length;
  expect(rows(0, 1)).toBe(2);
  expect(rows(0, 1)).toBe(0);
  expect(rows(2)).toBe(1);
  expect(rows(1)).toBe(0);
  expect(rows(0)).toBe(1);
});

test('classifier-free guidance takes two rows per latent', () => {
  const engine = engineRows({ steps: 2, batch: 4, rowsPerLatent: 2, remembered: PLENTY });
  expect(engine({ candidates: 3, pairs: [0] }, [0, 3])).toEqual({
    images: 3,
    denoiserRows: 2 + 6,
    paddedRows: 4 + 8,
    decodes: 3,
  });
});

describe('a batch that is given out to processes', () => {
  const rules = { steps: 4, batch: 20, rowsPerLatent: 1, remembered: PLENTY };
  const pairs = Array.from({ length: 40 }, (_, i) => i);

  test('of one process is what blocks cut by the same rules take', () => {
    const pace = { ...startPace(1), secondsPerImage: 0.01 };
    const size = (left: number) => blockImages(pace, left, 20, 0);
    const count = fleetRows(rules, { workers: 1, secondsPerImage: 0.01 });
    const engine = engineRows(rules);
    for (const candidates of [1, 8, 300]) {
      const total = candidates * pairs.length;
      const together = slabTrials(1, size(total), 40);
      const work = new Work(trialsOf(different(candidates, 4)), 40, together);
      const parts: number[] = [];
      while (work.left > 0) parts.push(imagesOf(work.take(size(work.left))));
      let padded = 0;
      for (let first = 0; first < candidates; first += together) {
        const own = Math.min(together, candidates - first);
        for (let at = 0; at < own * 40;) {
          const images = parts.shift()!;
          padded += engine({ candidates: own, pairs }, [at, at + images]).paddedRows;
          at += images;
        }
      }
      expect(count({ candidates, pairs }).paddedRows).toBe(padded);
    }
  });

  test('of several processes: each makes the first call of a pair at most once', () => {
    const count = fleetRows(rules, { workers: 4, secondsPerImage: null });
    const counted = [1, ...new Array<number>(40).fill(8)].map((candidates) => count({ candidates, pairs }));
    const rows = counted.reduce((sum, { denoiserRows }) => sum + denoiserRows, 0);
    const images = 40 * (1 + 320);
    expect(rows - 3 * images).toBeGreaterThan(2 * 40);
    expect(rows - 3 * images).toBeLessThanOrEqual(4 * 40);
    expect(counted.reduce((sum, one) => sum + one.images, 0)).toBe(images);
  });

  test('of no candidates is nothing', () => {
    expect(fleetRows(rules, { workers: 1, secondsPerImage: null })({ candidates: 0, pairs })).toEqual({
      images: 0,
      denoiserRows: 0,
      paddedRows: 0,
      decodes: 0,
    });
  });
});
