/**
 * The text-to-image networks of one model: text encoder, UNet, VAE decoder.
 */
import { join } from 'node:path';
import { loadClipTokenizer } from './clip-tokenizer.js';
import { denoiserRows } from './denoiser-rows.js';
import type { ModelFolder } from './model-folder.js';
import { openSession, runBatched, type SessionOptions } from './runtime-session.js';

/** The networks, with rows in and rows out. */
export interface TextToImage {
  readonly latentLength: number;
  /** texts -> encoder_hidden_states, (L, D) flattened, one per text. */
  encodeTexts(texts: readonly string[]): Promise<Float32Array[]>;
  /** One network call over any number of rows. @param inputs scaled samples (C, h, w) */
  denoise(
    inputs: readonly Float32Array[],
    timestep: number,
    hidden: readonly Float32Array[],
    between?: () => Promise<void>,
  ): Promise<Float32Array[]>;
  /** latents (C, h, w) -> images (3, H, W), about [-1, 1], not clamped. */
  decode(latents: readonly Float32Array[], between?: () => Promise<void>): Promise<Float32Array[]>;
  release(): Promise<void>;
}

/** Opens the three networks of a model folder. */
export async function openTextToImage(model: ModelFolder, options: SessionOptions): Promise<TextToImage> {
  const tokenizer = loadClipTokenizer(join(model.folder, 'tokenizer'));
  const [encoder, unet, vae] = await Promise.all(
    ['text_encoder/model.onnx', model.network, 'vae_decoder/model.onnx'].map((file) =>
      openSession(join(model.folder, file), options),
    ),
  );
  const [channels, height, width] = model.latentShape;
  const latentLength = channels * height * width;
  return {
    latentLength,
    encodeTexts: (texts) =>
      runBatched(texts, options.batch, (slice) => {
        const ids = tokenizer.encode(slice);
        const rows = slice.map((_, row) => ids.slice(row * tokenizer.length, (row + 1) * tokenizer.length));
        return encoder!.run(
          { input_ids: { kind: 'rows', rows, shape: [tokenizer.length] } },
          slice.length,
          'last_hidden_state',
        );
      }),
    denoise: (inputs, timestep, hidden, between) =>
      runBatched(
        inputs.map((input, i) => [input, hidden[i]!] as const),
        options.batch,
        (slice) => {
          denoiserRows.computed += slice.length;
          denoiserRows.padded += options.batch;
          return unet!.run(
            {
              sample: { kind: 'rows', rows: slice.map(([input]) => input), shape: model.latentShape },
              timestep: { kind: 'scalar', value: timestep },
              encoder_hidden_states: {
                kind: 'rows',
                rows: slice.map(([, states]) => states),
                shape: [tokenizer.length, slice[0]![1].length / tokenizer.length],
              },
            },
            slice.length,
            'out_sample',
          );
        },
        between,
      ),
    decode: (latents, between) =>
      runBatched(
        latents,
        options.batch,
        (slice) => {
          const rows = slice.map((z) =>
            model.scalingFactor === 1 && model.shiftFactor === 0
              ? z
              : z.map((v) => v / model.scalingFactor + model.shiftFactor),
          );
          return vae!.run({ latent_sample: { kind: 'rows', rows, shape: model.latentShape } }, slice.length, 'sample');
        },
        between,
      ),
    release: async () => {
      await Promise.all([encoder, unet, vae].map((session) => session!.release()));
    },
  };
}
