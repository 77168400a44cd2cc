/** The bundled model shapes-flow equals diffusers' FluxPipeline over the same networks (tools/golden/shapes_flow.py). */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadClipTokenizer } from '../../inference/models/clip-tokenizer.js';
import { loadT5Tokenizer } from '../../inference/models/t5-tokenizer.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import { difference, openFixture, readGolden, sampleGolden } from './pipeline-goldens.js';

const { prompts, runs } = readGolden('shapes-flow');

test('token ids and embeddings', async () => {
  const model = openFixture('shapes-flow');
  const pipeline = await openPipeline(model, { threads: 1, batch: 2 });
  const conditioning = await pipeline.encode(prompts.map(({ text }) => text));
  await pipeline.release();
  const clip = loadClipTokenizer(join(model.folder, 'tokenizer'));
  prompts.forEach(({ text, tokens, embeddings }, i) => {
    const t5 = loadT5Tokenizer(join(model.folder, 'tokenizer_2'), tokens['tokenizer_2']!.length);
    expect([...clip.encode([text])[0]!]).toEqual(tokens['tokenizer']);
    expect([...t5.encode([text])[0]!]).toEqual(tokens['tokenizer_2']);
    Object.values(embeddings).forEach((golden, t) => {
      expect(difference(conditioning[i]!.tensors[t]!, golden)).toBeLessThan(1e-4);
    });
  });
});

test.each(runs.map((run) => [run.name, run] as const))('%s', async (_, run) => {
  const found = await sampleGolden('shapes-flow', run, prompts[run.prompt]!.text);
  expect(found.rows.denoiser).toBe(run.steps);
  expect(found.latents).toBeLessThan(1e-4);
  expect(found.image).toBeLessThanOrEqual(1);
});

test.each(['w8a8', 'w4a8', 'w4a6'])('%s gives another image, not far from it', async (precision) => {
  const run = runs.find(({ steps }) => steps === 4)!;
  const found = await sampleGolden('shapes-flow', run, prompts[run.prompt]!.text, { precision });
  expect(found.latents).toBeGreaterThan(1e-3);
  expect(found.latents).toBeLessThan(1);
});
