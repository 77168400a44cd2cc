/**
 * The decoder of latents: it gets z / scaling_factor + shift_factor of its config.json, and gives planar images.
 */
import { join } from 'node:path';
import type { ModelParts } from '../models/model-parts.js';
import type { NetworkFile } from '../models/network-file.js';
import { sharedSession } from '../models/network-pool.js';
import type { Checkpoint } from './pipeline.js';
import type { PipelineSession } from './pipeline-kind.js';

/** Of AutoencoderKL. */
interface VaeConfig {
  readonly scaling_factor?: number;
  readonly shift_factor?: number | null;
}

/** Per pixel of an image 8 times as high and wide as its latent: measured at 256, 512 and 1,024 pixels. */
const PIXEL_BYTES = 3300;

/** An opened decoder. */
export interface Decoder {
  decode(latents: readonly Float32Array[], checkpoint?: Checkpoint): Promise<Float32Array[]>;
  release(): Promise<void>;
}

/** The decoder's network. @throws QschedError (usage) if the folder has none */
export const decoderNetwork = (parts: ModelParts, latentShape: readonly [number, number, number]): NetworkFile => {
  const [, height, width] = latentShape;
  return {
    file: parts.file('vae_decoder'),
    role: 'decoder',
    inputs: { latent_sample: { rows: 'values', shape: latentShape } },
    outputs: ['sample'],
    rowBytes: PIXEL_BYTES * 64 * height * width + 8 * (height * width) ** 2,
  };
};

/** @throws QschedError (usage) if the decoder cannot be loaded */
export async function openDecoder(
  parts: ModelParts,
  latentShape: readonly [number, number, number],
  { batches, ...options }: PipelineSession,
): Promise<Decoder> {
  const { scaling_factor: scale = 1, shift_factor } = parts.config('vae_decoder') as VaeConfig;
  const shift = shift_factor ?? 0;
  const path = join(parts.folder, parts.file('vae_decoder'));
  const session = await sharedSession(path, { ...options, batch: batches.decoder });
  return {
    decode: (latents, checkpoint) =>
      session.run(
        latents,
        (slice) => ({
          latent_sample: {
            rows: scale === 1 && shift === 0 ? slice : slice.map((z) => z.map((v) => v / scale + shift)),
            shape: latentShape,
          },
        }),
        'sample',
        checkpoint,
      ),
    release: () => session.release(),
  };
}
