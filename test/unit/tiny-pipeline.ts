/**
 * A pipeline kind in one file, without text encoder or VAE: the denoiser computes sample * level + text, with its level
 * from the timestep, one per row; the decoder repeats the first channel three times.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkFile } from '../../inference/models/network-file.js';
import { sharedSession } from '../../inference/models/network-pool.js';
import type { PipelineKind } from '../../inference/pipelines/pipeline-kind.js';
import { integer, model, node, tensor, value } from './onnx-bytes.js';

const DENOISER = 'transformer/model.onnx';
const DECODER = 'decoder/model.onnx';

export const tiny: PipelineKind = {
  matches: ({ graph }) => graph.inputs.some(({ name }) => name === 'level'),
  read({ folder }, { height = 2, width = 2, guidance = 1 }) {
    const latentShape = [2, height, width] as const;
    const networks: NetworkFile[] = [
      {
        file: DENOISER,
        role: 'denoiser',
        inputs: {
          sample: { rows: 'values', shape: latentShape },
          level: 'number',
          length: { rows: 'values', shape: [1, 1, 1] },
        },
        outputs: ['out'],
        rowBytes: 1e9 * height,
      },
      {
        file: DECODER,
        role: 'decoder',
        inputs: { latent: { rows: 'values', shape: latentShape } },
        outputs: ['image'],
        rowBytes: 1,
      },
    ];
    return {
      files: ['model_index.json', DENOISER, DECODER],
      latentShape,
      networks,
      tokenizers: [],
      async open({ batches, ...options }) {
        const denoiser = await sharedSession(join(folder, DENOISER), { ...options, batch: batches.denoiser });
        const decoder = await sharedSession(join(folder, DECODER), { ...options, batch: batches.decoder });
        const rows = { denoiser: 0, padded: 0 };
        return {
          latentShape,
          batches,
          rows,
          // Two tensors per text, of which the denoiser reads one.
          encode: (texts) =>
            Promise.resolve(
              texts.map(({ length }) => ({
                tensors: [Float32Array.of(length * guidance), Float32Array.of(1, 2, 3)],
                bytes: 16,
              })),
            ),
          denoise: (latents, timestep, conditioning, checkpoint) =>
            denoiser.run(
              latents.map((latent, i) => [latent, conditioning[i]!.tensors[0]!] as const),
              (slice) => {
                rows.denoiser += slice.length;
                rows.padded += denoiser.batch;
                return {
                  sample: { rows: slice.map(([latent]) => latent), shape: latentShape },
                  level: { value: timestep / 1000 },
                  length: { rows: slice.map(([, length]) => length), shape: [1, 1, 1] },
                };
              },
              'out',
              checkpoint,
            ),
          decode: (latents, checkpoint) =>
            decoder.run(latents, (slice) => ({ latent: { rows: slice, shape: latentShape } }), 'image', checkpoint),
          releaseEncoders: () => Promise.resolve(),
          async release() {
            await denoiser.release();
            await decoder.release();
          },
        };
      },
    };
  },
};

const ids = (...values: readonly number[]): Uint8Array => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);

/** Writes a folder of this kind. */
export function writeTiny(folder: string): void {
  for (const name of ['transformer', 'decoder', 'scheduler']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'model_index.json'), '{}');
  writeFileSync(join(folder, 'scheduler', 'scheduler_config.json'), '{"_class_name": "EulerDiscreteScheduler"}');
  const sample = value('sample', 'float32', ['rows', 2, 'height', 'width']);
  const denoiser = model({
    nodes: [
      node('Reshape', ['level', 'column'], ['levels']),
      node('Mul', ['sample', 'levels'], ['scaled']),
      node('Add', ['scaled', 'length'], ['out']),
    ],
    tensors: [tensor('column', { type: 'int64', dims: [4], raw: ids(-1, 1, 1, 1) })],
    inputs: [sample, value('level', 'float32', ['rows']), value('length', 'float32', ['rows', 1, 1, 1])],
    outputs: [value('out', 'float32', ['rows', 2, 'height', 'width'])],
  });
  const decoder = model({
    nodes: [node('Gather', ['latent', 'first'], ['image'], [integer('axis', 1)])],
    tensors: [tensor('first', { type: 'int64', dims: [3], raw: ids(0, 0, 0) })],
    inputs: [value('latent', 'float32', ['rows', 2, 'height', 'width'])],
    outputs: [value('image', 'float32', ['rows', 3, 'height', 'width'])],
  });
  writeFileSync(join(folder, DENOISER), denoiser);
  writeFileSync(join(folder, DECODER), decoder);
}
