/**
 * Calls of a model server with latents in the body and numbers in the answer. Latents cross in the type that the server
 * describes.
 */
import { QschedError } from '../../contract/errors.js';
import type { ServerDescription } from '../../contract/model-server.js';
import type { Batches, PipelineOptions } from '../../contract/wire/network.js';
import { runtimeClock } from '../models/runtime-session.js';
import type { LatentShape } from '../pipelines/latent-size.js';
import type { Checkpoint } from '../pipelines/pipeline.js';
import { bytePool } from './byte-pool.js';
import { fromBytes, packRows, unpackRows } from './rows.js';
import { decodeTensors, layTensors, type Tensor } from './safetensors.js';
import type { ServerClient } from './server-client.js';

const TENSOR_TYPE = 'application/octet-stream';

/** What a served pipeline is opened with. */
export interface ServedNetwork {
  readonly model: string;
  readonly precision: string;
  readonly options: PipelineOptions;
  readonly latentShape: LatentShape;
  readonly batches: Batches;
  readonly description: ServerDescription;
}

/** Rows of numbers and the process that gave them, or handles that it does not know. */
type Rows = { readonly rows: Float32Array[]; readonly instance: string } | { readonly unknown: readonly string[] };

/** One call on at most as many rows as it takes, padded with the last of them. */
type TensorCall = (
  name: 'denoise' | 'decode',
  latents: readonly Float32Array[],
  metadata: Readonly<Record<string, string>>,
  checkpoint?: Checkpoint,
) => Promise<Rows>;

/** @throws QschedError (failure, final), by the call, for an answer of another shape or type */
export function tensorCaller(client: ServerClient, network: ServedNetwork): TensorCall {
  const { model, precision, options, latentShape, batches, description } = network;
  const { identity, dtype, pixelsPerLatent } = description;
  const [, height, width] = latentShape;
  const imageShape = [3, height * pixelsPerLatent, width * pixelsPerLatent];
  const common = { precision, options: JSON.stringify(options) };
  const bodies = bytePool();
  const calls = {
    denoise: { batch: batches.denoiser, answer: 'outputs', dtype, rowShape: latentShape, read: unpackRows },
    decode: { batch: batches.decoder, answer: 'images', dtype: 'U8', rowShape: imageShape, read: fromBytes },
  } as const;

  return async (name, latents, metadata, checkpoint) => {
    const { batch, answer: wanted, dtype: type, rowShape, read } = calls[name];
    const { all, places } = layTensors(
      { latents: { dtype, shape: [batch, ...latentShape] } },
      { ...common, ...metadata },
      (size) => bodies.take(size),
    );
    packRows(latents, batch, dtype, places.get('latents')!);
    const answer = await timed(() => client.post(name, all, TENSOR_TYPE, identity, checkpoint));
    bodies.give(all);
    if ('unknown' in answer) return answer;
    const tensor = find(answer.body, wanted, (what) => lies(model, name, what));
    const shape = [batch, ...rowShape];
    if (tensor?.dtype !== type || tensor.shape.join() !== shape.join()) {
      const got = tensor === undefined ? `no "${wanted}"` : `${tensor.dtype} [${tensor.shape.join(', ')}]`;
      throw lies(model, name, `it answered ${got} instead of ${type} [${shape.join(', ')}]`);
    }
    const rows = read(tensor, latents.length);
    answer.done();
    return { rows, instance: answer.instance };
  };
}

function find(body: Uint8Array, name: string, refuse: (what: string) => QschedError): Tensor | undefined {
  try {
    return decodeTensors(body).tensors[name];
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

/** What is waited for counts as computing. */
export async function timed<T>(call: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  try {
    return await call();
  } finally {
    runtimeClock.seconds += (performance.now() - begin) / 1000;
  }
}

/** The error for a server that does not keep to the protocol. */
export const lies = (model: string, call: string, what: string): QschedError =>
  new QschedError(
    'failure',
    `The server of the model "${model}" does not keep to the protocol in ${call}: ${what}.`,
    'docs/model-servers.md has the protocol; repair the server, then resume.',
    true,
  );
