/** Pipelines around a UNet equal diffusers' (tools/make_fixtures.py): ids, embeddings, latents of every step, images. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { loadClipTokenizer } from '../../inference/models/clip-tokenizer.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import type { Conditioning, Pipeline } from '../../inference/pipelines/pipeline.js';
import { difference, FIXTURES, openFixture, readGolden, sampleGolden } from './pipeline-goldens.js';

/** What diffusers was called with, as our options. */
function optionsOf(family: string, run: { guidance_scale?: number; negative_prompt?: string | null }): PipelineOptions {
  const { guidance_scale: guidance = 0, negative_prompt: negativePrompt } = run;
  if (family === 'lcm') return { guidance };
  if (guidance <= 1) return {};
  return typeof negativePrompt === 'string' ? { guidance, negativePrompt } : { guidance };
}

describe.each(['sd15', 'lcm', 'sdxl', 'consistency'])('%s', (family) => {
  const { prompts, runs } = readGolden(family);
  // Networks that are open are shared by all runs.
  const open: Pipeline[] = [];
  beforeAll(async () => {
    for (const precision of ['fp32', 'fp16']) {
      open.push(await openPipeline(openFixture(family, precision), { threads: 1, batch: 2 }));
    }
  });
  afterAll(async () => {
    for (const pipeline of open) await pipeline.release();
  });

  test('is known by what it holds', () => {
    expect(openFixture(family)).toMatchObject({ pipeline: family, precisions: ['fp16', 'fp32', 'w8a8'] });
  });

  test('token ids and embeddings', async () => {
    const conditioning = await open[0]!.encode(prompts.map(({ text }) => text));
    prompts.forEach(({ text, tokens, embeddings }, i) => {
      for (const [folder, ids] of Object.entries(tokens)) {
        expect([...loadClipTokenizer(join(FIXTURES, family, folder), 77).encode([text])[0]!]).toEqual(ids);
      }
      Object.values(embeddings).forEach((golden, t) => {
        expect(difference(conditioning[i]!.tensors[t]!, golden)).toBeLessThan(1e-4);
      });
    });
  });

  test.each(runs.map((run) => [run.name, run] as const))('%s', async (_, run) => {
    const text = prompts[run.prompt]?.text ?? '';
    const found = await sampleGolden(family, run, text, { options: optionsOf(family, run) });
    const guided = family !== 'lcm' && (run.guidance_scale ?? 0) > 1;
    expect(found.rows.denoiser).toBe(run.steps * (guided ? 2 : 1));
    expect(found.latents).toBeLessThan(1e-4);
    expect(found.image).toBeLessThanOrEqual(1);
  });

  test.each(runs.filter(({ steps }) => steps === 4).map((run) => [run.name, run] as const))(
    '%s with the denoiser in float16, with float16 inputs and outputs',
    async (_, run) => {
      const text = prompts[run.prompt]?.text ?? '';
      const found = await sampleGolden(family, run, text, { precision: 'fp16', options: optionsOf(family, run) });
      expect(found.latents).toBeGreaterThan(1e-4);
      expect(found.latents).toBeLessThan(0.02);
      expect(found.image).toBeLessThanOrEqual(3);
    },
  );
});

test("Optimum's own export of the same checkpoint gives the same, its layout untouched", async () => {
  const { prompts, runs } = readGolden('sd15');
  const folder = openFixture('sd15-optimum');
  expect(folder).toMatchObject({ pipeline: 'sd15', precisions: ['fp32'] });
  expect(folder.files).toEqual(expect.arrayContaining(['tokenizer/vocab.json', 'tokenizer/merges.txt']));
  const run = runs.find(({ name }) => name === 'euler-4-guided')!;
  const found = await sampleGolden('sd15-optimum', run, prompts[run.prompt]!.text, { options: optionsOf('sd15', run) });
  expect(found.latents).toBeLessThan(1e-4);
  expect(found.image).toBeLessThanOrEqual(1);
  const conditionings: Conditioning[][] = [];
  for (const name of ['sd15', 'sd15-optimum']) {
    const pipeline = await openPipeline(openFixture(name), { threads: 1, batch: 2 });
    conditionings.push(await pipeline.encode(prompts.map(({ text }) => text)));
    await pipeline.release();
  }
  conditionings[1]!.forEach(({ tensors: [states] }, i) => {
    const ours = conditionings[0]![i]!.tensors[0]!;
    expect(states!.every((value, at) => Math.abs(value - ours[at]!) < 1e-4)).toBe(true);
  });
});
