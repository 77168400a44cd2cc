/** A pipeline without a model: rows are views of a batch, as those of ONNX Runtime are, and every call is counted. */
import type { Conditioning, Pipeline } from '../../inference/pipelines/pipeline.js';

export interface FakeOptions {
  readonly latentShape?: readonly [number, number, number];
  /** Rows per call of the denoiser and the decoder. */
  readonly batch?: number;
  /** The network's output for one row; depends on its own row alone. */
  readonly output?: (latent: Float32Array, timestep: number, text: string) => Float32Array;
  /** Planar RGB of a finished latent; by default (3, 2h, 2w), from all of its values. */
  readonly planar?: (latent: Float32Array) => Float32Array;
  /** Called before each network call, with the texts or the number of rows. */
  readonly onCall?: (network: 'encode' | 'denoise' | 'decode', about: readonly string[] | number) => void;
}

export interface FakePipeline extends Pipeline {
  /** How often the text encoders were released. */
  released: number;
}

/** A conditioning that knows its text; nothing but this file reads it. */
interface FakeConditioning extends Conditioning {
  readonly text: string;
}

const plainOutput = (latent: Float32Array, timestep: number, text: string): Float32Array =>
  latent.map((value, i) => Math.tanh(value + timestep / 1000) + (text.length + i) / 100);

export function fakePipeline(options: FakeOptions = {}): FakePipeline {
  const { latentShape = [1, 2, 2], batch = 4, output = plainOutput, onCall } = options;
  const [channels, height, width] = latentShape;
  const length = channels * height * width;
  const planar =
    options.planar ??
    ((latent: Float32Array) =>
      Float32Array.from({ length: 3 * 4 * height * width }, (_, i) => Math.sin(5 * latent[i % length]! + i)));
  const batched = async <T>(
    items: readonly T[],
    run: (item: T) => Float32Array,
    before: (count: number) => void,
    checkpoint: () => Promise<void> = async () => undefined,
  ): Promise<Float32Array[]> => {
    const rows: Float32Array[] = [];
    for (let first = 0; first < items.length; first += batch) {
      const slice = items.slice(first, first + batch);
      before(slice.length);
      const made = slice.map(run);
      const size = made[0]!.length;
      const memory = new Float32Array(batch * size);
      made.forEach((row, i) => {
        memory.set(row, i * size);
        rows.push(memory.subarray(i * size, (i + 1) * size));
      });
      await checkpoint();
    }
    return rows;
  };
  const pipeline: FakePipeline = {
    latentShape,
    batches: { text: batch, denoiser: batch, decoder: batch, scorer: batch },
    rows: { denoiser: 0, padded: 0 },
    released: 0,
    async encode(texts) {
      onCall?.('encode', texts);
      return texts.map((text): FakeConditioning => ({ text, tensors: [new Float32Array(2)], bytes: 8 }));
    },
    denoise: (latents, timestep, conditioning, checkpoint) =>
      batched(
        latents.map((latent, i) => ({ latent, text: (conditioning[i] as FakeConditioning).text })),
        ({ latent, text }) => {
          if (latent.length !== length) throw new Error(`a latent of ${latent.length} values`);
          return output(latent, timestep, text);
        },
        (count) => {
          onCall?.('denoise', count);
          pipeline.rows.denoiser += count;
          pipeline.rows.padded += batch;
        },
        checkpoint,
      ),
    decode: (latents, checkpoint) => batched(latents, planar, (count) => onCall?.('decode', count), checkpoint),
    async releaseEncoders() {
      pipeline.released += 1;
    },
    release: async () => undefined,
  };
  return pipeline;
}
