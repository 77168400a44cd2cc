/** Pipelines around a transformer equal diffusers' (tools/make_fixtures.py): ids, embeddings, latents of every step, images. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { loadClipTokenizer } from '../../inference/models/clip-tokenizer.js';
import { loadT5Tokenizer } from '../../inference/models/t5-tokenizer.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import { difference, FIXTURES, openFixture, readGolden, sampleGolden } from './pipeline-goldens.js';

interface Arguments {
  readonly guidance_scale?: number;
  readonly negative_prompt?: string | null;
  readonly max_sequence_length?: number;
}

/** What diffusers was called with, as our options. */
function optionsOf({ guidance_scale = 0, negative_prompt, max_sequence_length }: Arguments): PipelineOptions {
  return {
    ...(guidance_scale === 0 ? {} : { guidance: guidance_scale }),
    ...(typeof negative_prompt === 'string' ? { negativePrompt: negative_prompt } : {}),
    ...(max_sequence_length === undefined ? {} : { sequenceLength: max_sequence_length }),
  };
}

const T5 = { flux: 'tokenizer_2', 'flux-dev': 'tokenizer_2', sd3: 'tokenizer_3' };

describe.each([
  { name: 'flux', family: 'flux', half: { latents: 0.02, image: 3 } },
  // FLUX casts timestep and guidance to float16 before it multiplies them by 1000: t = 826.06 becomes 826.2.
  { name: 'flux-dev', family: 'flux', half: { latents: 0.08, image: 8 } },
  { name: 'sd3', family: 'sd3', half: { latents: 0.02, image: 3 } },
] as const)('$name', ({ name, family, half }) => {
  const { prompts, runs } = readGolden(name);

  test('is known by what it holds', () => {
    expect(openFixture(name)).toMatchObject({ pipeline: family, precisions: ['fp16', 'fp32', 'w8a8'] });
  });

  test('token ids and embeddings', async () => {
    const pipeline = await openPipeline(openFixture(name, 'fp32', { sequenceLength: 256 }), { threads: 1, batch: 2 });
    const conditioning = await pipeline.encode(prompts.map(({ text }) => text));
    await pipeline.release();
    prompts.forEach(({ text, tokens, embeddings }, i) => {
      for (const [folder, ids] of Object.entries(tokens)) {
        const path = join(FIXTURES, name, folder);
        const tokenizer = folder === T5[name] ? loadT5Tokenizer(path, ids.length) : loadClipTokenizer(path, 77);
        expect([...tokenizer.encode([text])[0]!]).toEqual(ids);
      }
      Object.values(embeddings).forEach((golden, t) => {
        expect(difference(conditioning[i]!.tensors[t]!, golden)).toBeLessThan(1e-4);
      });
    });
  });

  test.each(runs.map((run) => [run.name, run] as const))('%s', async (_, run) => {
    const options = optionsOf(run);
    const found = await sampleGolden(name, run, prompts[run.prompt]!.text, { options });
    const guided = family !== 'flux' && (options.guidance ?? 0) > 1;
    expect(found.rows.denoiser).toBe(run.steps * (guided ? 2 : 1));
    expect(found.latents).toBeLessThan(1e-4);
    expect(found.image).toBeLessThanOrEqual(1);
  });

  test.each(runs.filter(({ steps }) => steps === 4).map((run) => [run.name, run] as const))(
    '%s with the denoiser in float16, with float16 inputs and outputs',
    async (_, run) => {
      const options = optionsOf(run);
      const found = await sampleGolden(name, run, prompts[run.prompt]!.text, { precision: 'fp16', options });
      expect(found.latents).toBeGreaterThan(1e-4);
      expect(found.latents).toBeLessThan(half.latents);
      expect(found.image).toBeLessThanOrEqual(half.image);
    },
  );

  test.each(['fp32', 'w8a8'])('rows at %s do not depend on their neighbours, to the bit', async (precision) => {
    const options = family === 'sd3' ? { guidance: 3 } : {};
    const pipeline = await openPipeline(openFixture(name, precision, options), { threads: 1, batch: 4 });
    const conditioning = await pipeline.encode(prompts.slice(0, 3).map(({ text }) => text));
    const [channels, height, width] = pipeline.latentShape;
    const latents = conditioning.map((_, n) =>
      Float32Array.from({ length: channels * height * width }, (_value, i) => Math.sin(7 * n + 1.3 * i)),
    );
    const together = (await pipeline.denoise(latents, 612.5, conditioning)).map((row) => row.slice());
    const reversed = await pipeline.denoise(latents.toReversed(), 612.5, conditioning.toReversed());
    expect(reversed.toReversed()).toEqual(together);
    for (const [i, latent] of latents.entries()) {
      expect(await pipeline.denoise([latent], 612.5, [conditioning[i]!])).toEqual([together[i]]);
    }
    await pipeline.release();
  });
});
