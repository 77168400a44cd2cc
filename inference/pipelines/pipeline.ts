/**
 * A text-to-image network as three calls: encode, denoise, decode.
 */
import type { Batches } from '../../contract/wire/network.js';

/** What a denoiser is conditioned on for one text: opaque to the engine. */
export interface Conditioning {
  readonly tensors: readonly Float32Array[];
  readonly bytes: number;
}

/** Awaited between network calls: lets messages in, throws to stop. */
export type Checkpoint = () => Promise<void>;

export interface Pipeline {
  /** (C, h, w) of a latent; a latent has C * h * w values. */
  readonly latentShape: readonly [number, number, number];
  /** Whether the decoder takes or gives float16, which may overflow in it. */
  readonly halfDecoder?: boolean | undefined;
  /** Rows per call of each network, padded. */
  readonly batches: Batches;
  /** Rows computed so far by the denoiser (without padding) and rows of its padded calls. */
  readonly rows: { denoiser: number; padded: number };
  /** One conditioning per text. */
  encode(texts: readonly string[], checkpoint?: Checkpoint): Promise<Conditioning[]>;
  denoise(
    latents: readonly Float32Array[],
    timestep: number,
    conditioning: readonly Conditioning[],
    checkpoint?: Checkpoint,
  ): Promise<Float32Array[]>;
  /** Planar images (3, H, W), about [-1, 1]. */
  decode(latents: readonly Float32Array[], checkpoint?: Checkpoint): Promise<Float32Array[]>;
  /** Lets the text encoders go; encode() opens them again. */
  releaseEncoders(): Promise<void>;
  release(): Promise<void>;
}
