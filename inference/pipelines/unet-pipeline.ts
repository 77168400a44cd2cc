/**
 * A pipeline around a denoiser: it gets latents and `timestep`, what a text decides, and what is the same in every row.
 * With guidance each latent is two rows of a call, the negative prompt's first.
 */
import { join } from 'node:path';
import type { ModelParts } from '../models/model-parts.js';
import { sharedSession } from '../models/network-pool.js';
import type { Feed } from '../models/tensors.js';
import { guided, type Guidance } from './guidance.js';
import type { LatentShape } from './latent-size.js';
import type { Checkpoint, Pipeline } from './pipeline.js';
import type { PipelineSession } from './pipeline-kind.js';
import type { Decoder } from './vae.js';

/** How latents go in and out; by default as they are, as `sample` and `out_sample`. */
export interface LatentSide {
  readonly input: string;
  readonly output: string;
  /** Of a row as the denoiser takes it. */
  readonly shape: readonly number[];
  pack(latent: Float32Array): Float32Array;
  unpack(row: Float32Array): Float32Array;
}

/** Where patches and tokens are: one tensor for all rows, or the same one in every row. */
export interface Positions {
  readonly values: Float32Array;
  readonly shape: readonly number[];
  readonly perRow: boolean;
}

/** Texts to values of the denoiser's inputs. */
export interface TextSide {
  /** For each text, the values of every input that a text decides. */
  encode(texts: readonly string[], checkpoint?: Checkpoint): Promise<Float32Array[][]>;
  release(): Promise<void>;
}

export interface UnetSettings {
  readonly latentShape: LatentShape;
  /** Inputs that a text decides, with the first axes of their rows: the last one follows from the values. */
  readonly conditioned: readonly { readonly name: string; readonly axes: readonly number[] }[];
  /** Inputs with the same values in every row. */
  readonly constants?: Readonly<Record<string, Float32Array>>;
  /** Inputs with one number for all rows. */
  readonly numbers?: Readonly<Record<string, number>>;
  readonly positions?: Readonly<Record<string, Positions>>;
  readonly latents?: LatentSide;
  /** The number that is fed for a timestep of the schedule; by default itself. */
  readonly timestepOf?: (timestep: number) => number;
  readonly guidance?: Guidance | undefined;
  /** What the other row gets without a negative prompt: zeros, or the empty text. */
  readonly zeros?: boolean;
  /** Absent for a model without text. */
  readonly openTexts?: (session: PipelineSession) => Promise<TextSide>;
  /** Absent for a model of images. */
  readonly openDecoder?: ((session: PipelineSession) => Promise<Decoder>) | undefined;
}

interface Row {
  readonly latent: Float32Array;
  readonly tensors: readonly Float32Array[];
}

/** @throws QschedError (usage) if a network cannot be loaded */
export async function openUnetPipeline(
  parts: ModelParts,
  settings: UnetSettings,
  session: PipelineSession,
): Promise<Pipeline> {
  const { latentShape, conditioned, constants = {}, guidance, zeros = false, openTexts, openDecoder } = settings;
  const {
    numbers = {},
    positions = {},
    latents: side = asTheyAre(latentShape),
    timestepOf = (timestep) => timestep,
  } = settings;
  const { batches, ...options } = session;
  const texts = await openTexts?.(session);
  const unet = await sharedSession(join(parts.folder, parts.network), {
    ...options,
    batch: batches.denoiser,
    shared: Object.keys(positions).filter((name) => !positions[name]!.perRow),
  });
  const decoder = await openDecoder?.(session);
  const rows = { denoiser: 0, padded: 0 };
  let negative: readonly Float32Array[] | undefined;

  /** What rows without the text are conditioned on. */
  async function negativeOf(own: readonly Float32Array[], checkpoint?: Checkpoint): Promise<readonly Float32Array[]> {
    if (negative !== undefined) return negative;
    const { negativePrompt } = guidance!;
    negative =
      zeros && negativePrompt === undefined
        ? own.map(({ length }) => new Float32Array(length))
        : (await texts!.encode([negativePrompt ?? ''], checkpoint))[0]!;
    return negative;
  }

  function feedsOf(slice: readonly Row[], timestep: number): Record<string, Feed> {
    rows.denoiser += slice.length;
    rows.padded += unet.batch;
    const feeds: Record<string, Feed> = {
      [side.input]: { rows: slice.map(({ latent }) => side.pack(latent)), shape: side.shape },
      timestep: { value: timestepOf(timestep) },
    };
    conditioned.forEach(({ name, axes }, t) => {
      const values = slice.map(({ tensors }) => tensors[t]!);
      feeds[name] = { rows: values, shape: [...axes, axes.reduce((last, n) => last / n, values[0]!.length)] };
    });
    for (const [name, value] of Object.entries(numbers)) feeds[name] = { value };
    for (const [name, { values, shape, perRow }] of Object.entries(positions)) {
      feeds[name] = perRow ? { rows: slice.map(() => values), shape } : { whole: values, shape };
    }
    for (const [name, values] of Object.entries(constants)) {
      feeds[name] = { rows: slice.map(() => values), shape: [values.length] };
    }
    return feeds;
  }

  return {
    latentShape,
    halfDecoder: decoder?.half,
    batches,
    rows,
    async encode(list, checkpoint) {
      const encoded = (await texts?.encode(list, checkpoint)) ?? list.map(() => []);
      const conditionings = [];
      for (const own of encoded) {
        const other = guidance === undefined ? [] : await negativeOf(own, checkpoint);
        const bytes = own.reduce((sum, { byteLength }) => sum + byteLength, 0);
        conditionings.push({ tensors: [...own, ...other], bytes });
      }
      return conditionings;
    },
    async denoise(latents, timestep, conditioning, checkpoint) {
      const all = latents.flatMap((latent, i): Row[] => {
        const { tensors } = conditioning[i]!;
        const text = { latent, tensors };
        return guidance === undefined ? [text] : [{ latent, tensors: tensors.slice(conditioned.length) }, text];
      });
      const outputs = await unet.run(all, (slice) => feedsOf(slice, timestep), side.output, checkpoint);
      const found = outputs.map((row) => side.unpack(row));
      if (guidance === undefined) return found;
      return latents.map((_, i) => guided(found[2 * i]!, found[2 * i + 1]!, guidance.scale));
    },
    decode: (latents, checkpoint) => decoder?.decode(latents, checkpoint) ?? Promise.resolve([...latents]),
    releaseEncoders: async () => texts?.release(),
    async release() {
      await texts?.release();
      await unet.release();
      await decoder?.release();
    },
  };
}

const asTheyAre = (shape: LatentShape): LatentSide => ({
  input: 'sample',
  output: 'out_sample',
  shape,
  pack: (latent) => latent,
  unpack: (row) => row,
});
