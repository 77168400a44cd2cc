/**
 * The decoder of latents: it gets z / scaling_factor + shift_factor of its config.json, and gives planar images.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelParts } from '../models/model-parts.js';
import { hasHalves, type NetworkFile } from '../models/network-file.js';
import { sharedSession } from '../models/network-pool.js';
import { readGraph } from '../models/onnx-graph.js';
import type { Checkpoint } from './pipeline.js';
import type { PipelineSession } from './pipeline-kind.js';

/** Of AutoencoderKL and AutoencoderTiny. */
interface VaeConfig {
  readonly _class_name?: string;
  readonly scaling_factor?: number;
  readonly shift_factor?: number | null;
  readonly block_out_channels?: readonly number[];
  readonly decoder_block_out_channels?: readonly number[];
  readonly sample_size?: unknown;
  readonly latents_mean?: readonly number[] | null;
  readonly latents_std?: readonly number[] | null;
}

/** AutoencoderKL's own default, that of Stable Diffusion 1.5. */
const KL_SCALE = 0.18215;
const USUAL_FACTOR = 8;
/** Per pixel of an image 8 times as high and wide as its latent: measured at 256, 512 and 1,024 pixels. */
const PIXEL_BYTES = 3300;

/** How latents are scaled for the decoder. */
export interface VaeScale {
  readonly scale: number;
  readonly shift: number;
  readonly notes: readonly string[];
  /** Where 0.1.0 took the scale to be 1. */
  readonly preprocessing: Readonly<Record<string, number>>;
  /** Mean and standard deviation of each channel, for pipelines that read them: z std / scale + mean. */
  readonly statistics?: VaeStatistics | undefined;
}

interface VaeStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** An opened decoder. */
export interface Decoder {
  /** Whether it takes or gives float16. */
  readonly half: boolean;
  decode(latents: readonly Float32Array[], checkpoint?: Checkpoint): Promise<Float32Array[]>;
  release(): Promise<void>;
}

/**
 * Scale and shift: as the config states; else 1 for AutoencoderTiny, and the family's own value where there is no config;
 * else AutoencoderKL's default.
 *
 * @param usual scale and shift of the family
 */
export function vaeScale(parts: ModelParts, usual: { scale: number; shift?: number } = { scale: KL_SCALE }): VaeScale {
  const { _class_name, scaling_factor, shift_factor } = parts.config('vae_decoder') as VaeConfig;
  const shift = shift_factor ?? 0;
  if (!existsSync(join(parts.folder, 'vae_decoder/config.json'))) {
    const note = `There is no vae_decoder/config.json: scaling_factor ${usual.scale}, the usual one of the family.`;
    return { scale: usual.scale, shift: usual.shift ?? 0, notes: [note], preprocessing: {} };
  }
  if (scaling_factor !== undefined || _class_name === 'AutoencoderTiny') {
    return { scale: scaling_factor ?? 1, shift, notes: [], preprocessing: {} };
  }
  const note = `vae_decoder/config.json has no scaling_factor: ${KL_SCALE}, AutoencoderKL's default.`;
  return { scale: KL_SCALE, shift, notes: [note], preprocessing: { vaeScale: 1 } };
}

/** `latents_mean` and `latents_std` of the config, if it states both. */
export function vaeStatistics(parts: ModelParts): VaeStatistics | undefined {
  const { latents_mean: mean, latents_std: std } = parts.config('vae_decoder') as VaeConfig;
  return Array.isArray(mean) && Array.isArray(std) ? { mean, std } : undefined;
}

/** How many times as high and wide as its latent an image is. */
export function vaeFactor(parts: ModelParts): number {
  const config = parts.config('vae_decoder') as VaeConfig;
  const blocks = config.decoder_block_out_channels ?? config.block_out_channels;
  if (blocks !== undefined) return 2 ** (blocks.length - 1);
  const { sample_size } = parts.config('unet');
  const ratio = Number(config.sample_size) / Number(sample_size);
  return Number.isInteger(Math.log2(ratio)) ? ratio : USUAL_FACTOR;
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
  scaling: Pick<VaeScale, 'scale' | 'shift' | 'statistics'> = vaeScale(parts),
): Promise<Decoder> {
  const path = join(parts.folder, parts.file('vae_decoder'));
  const session = await sharedSession(path, { ...options, batch: batches.decoder });
  return {
    half: hasHalves(readGraph(path)),
    decode: (latents, checkpoint) =>
      session.run(
        latents,
        (slice) => ({
          latent_sample: { rows: slice.map((z) => unscaled(z, latentShape[0], scaling)), shape: latentShape },
        }),
        'sample',
        checkpoint,
      ),
    release: () => session.release(),
  };
}

/** What the decoder gets for a latent of the sampler. */
function unscaled(
  z: Float32Array,
  channels: number,
  { scale, shift, statistics }: Pick<VaeScale, 'scale' | 'shift' | 'statistics'>,
): Float32Array {
  if (statistics !== undefined) {
    const { mean, std } = statistics;
    const area = z.length / channels;
    return z.map((v, i) => (v * std[Math.floor(i / area)]!) / scale + mean[Math.floor(i / area)]!);
  }
  return scale === 1 && shift === 0 ? z : z.map((v) => v / scale + shift);
}
