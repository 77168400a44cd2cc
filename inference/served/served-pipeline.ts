/**
 * A pipeline whose networks run behind a model server. Latents cross in the type that the server describes; what texts are
 * conditioned on stays there, and is known here by handles.
 */
import { QschedError } from '../../contract/errors.js';
import { EncodeAnswer, type ServerDescription } from '../../contract/model-server.js';
import type { Batches, PipelineOptions } from '../../contract/wire/network.js';
import { runtimeClock } from '../models/runtime-session.js';
import type { LatentShape } from '../pipelines/latent-size.js';
import type { Checkpoint, Conditioning, Pipeline } from '../pipelines/pipeline.js';
import { readBody } from './json-body.js';
import { fromBytes, packRows, unpackRows } from './rows.js';
import { decodeTensors, encodeTensors, type Tensor } from './safetensors.js';
import type { Answer, ServerClient } from './server-client.js';

const JSON_TYPE = 'application/json';
const TENSOR_TYPE = 'application/octet-stream';
/** Encoding anew after a restart is tried this often: a server that forgets at once would be asked for ever. */
const MAX_FORGOTTEN = 3;

/** What a served pipeline is opened with. */
export interface ServedNetwork {
  readonly model: string;
  readonly precision: string;
  readonly options: PipelineOptions;
  readonly latentShape: LatentShape;
  readonly batches: Batches;
  readonly description: ServerDescription;
}

/** A text on the server; its handle changes when the server has forgotten it. */
interface Remote {
  readonly text: string;
  handle: Handle;
}

/** A handle, and the process that gave it. */
interface Handle {
  readonly name: string;
  readonly instance: string;
}

/** Opens nothing: the server has its networks open. */
export function servedPipeline(client: ServerClient, network: ServedNetwork): Pipeline {
  const { model, precision, options, latentShape, batches, description } = network;
  const { identity, dtype, pixelsPerLatent } = description;
  const [, height, width] = latentShape;
  const imageShape = [3, height * pixelsPerLatent, width * pixelsPerLatent] as const;
  const rows = { denoiser: 0, padded: 0 };
  const remotes = new WeakMap<Conditioning, Remote>();

  async function call(name: string, body: Uint8Array, type: string, checkpoint?: Checkpoint): Promise<Answer> {
    const begin = performance.now();
    try {
      return await client.post(name, body, type, identity, checkpoint);
    } finally {
      runtimeClock.seconds += (performance.now() - begin) / 1000;
    }
  }

  /** Handles of texts, at most `batches.text` per call. */
  async function handlesOf(texts: readonly string[], checkpoint?: Checkpoint): Promise<Handle[]> {
    const handles: Handle[] = [];
    for (let at = 0; at < texts.length; at += batches.text) {
      const slice = texts.slice(at, at + batches.text);
      const body = Buffer.from(JSON.stringify({ precision, options, texts: slice }));
      const answer = await call('encode', body, JSON_TYPE, checkpoint);
      if ('unknown' in answer) throw lies(model, 'encode', 'it forgot what was not asked for');
      const parsed = EncodeAnswer.safeParse(readBody(answer.body));
      if (!parsed.success || parsed.data.handles.length !== slice.length) {
        throw lies(model, 'encode', `${slice.length} texts need as many handles`);
      }
      handles.push(...parsed.data.handles.map((name) => ({ name, instance: answer.instance })));
      await checkpoint?.();
    }
    return handles;
  }

  /** One call on at most `batch` rows, padded with the last of them. */
  async function tensorCall(
    name: 'denoise' | 'decode',
    latents: readonly Float32Array[],
    batch: number,
    metadata: () => Record<string, string>,
    checkpoint?: Checkpoint,
  ): Promise<(Tensor & { readonly instance: string }) | { readonly unknown: readonly string[] }> {
    const packed = { dtype, shape: [batch, ...latentShape], bytes: packRows(latents, batch, dtype) };
    const body = encodeTensors({
      tensors: { latents: packed },
      metadata: { precision, options: JSON.stringify(options), ...metadata() },
    });
    const answer = await call(name, body, TENSOR_TYPE, checkpoint);
    if ('unknown' in answer) return answer;
    const wanted =
      name === 'denoise'
        ? { name: 'outputs', dtype, shape: [batch, ...latentShape] }
        : { name: 'images', dtype: 'U8', shape: [batch, ...imageShape] };
    let found: Tensor | undefined;
    try {
      found = decodeTensors(answer.body).tensors[wanted.name];
    } catch (error) {
      throw lies(model, name, error instanceof Error ? error.message : String(error));
    }
    if (found?.dtype !== wanted.dtype || found.shape.join() !== wanted.shape.join()) {
      const got = found === undefined ? `no "${wanted.name}"` : `${found.dtype} [${found.shape.join(', ')}]`;
      throw lies(model, name, `it answered ${got} instead of ${wanted.dtype} [${wanted.shape.join(', ')}]`);
    }
    return { ...found, instance: answer.instance };
  }

  return {
    latentShape,
    batches,
    rows,
    async encode(texts, checkpoint) {
      if (!description.readsText) return texts.map(() => ({ tensors: [], bytes: 0 }));
      const handles = await handlesOf(texts, checkpoint);
      return texts.map((text, i) => {
        const conditioning = { tensors: [], bytes: 0 };
        remotes.set(conditioning, { text, handle: handles[i]! });
        return conditioning;
      });
    },
    async denoise(latents, timestep, conditioning, checkpoint) {
      const outputs: Float32Array[] = [];
      for (let at = 0; at < latents.length; at += batches.denoiser) {
        const slice = latents.slice(at, at + batches.denoiser);
        const known = conditioning.slice(at, at + slice.length).flatMap((one) => remotes.get(one) ?? []);
        rows.denoiser += slice.length;
        rows.padded += batches.denoiser;
        for (let tries = 0; ; tries += 1) {
          const handles = known.map(({ handle }) => handle.name);
          while (handles.length > 0 && handles.length < batches.denoiser) handles.push(handles.at(-1)!);
          const metadata = (): Record<string, string> => ({
            timestep: String(timestep),
            handles: JSON.stringify(handles),
          });
          const found = await tensorCall('denoise', slice, batches.denoiser, metadata, checkpoint);
          if (!('unknown' in found) && known.every(({ handle }) => handle.instance === found.instance)) {
            outputs.push(...unpackRows(found, slice.length));
            break;
          }
          if (tries >= MAX_FORGOTTEN) throw lies(model, 'denoise', 'it forgets handles as soon as they are made');
          const fresh = await handlesOf(
            known.map(({ text }) => text),
            checkpoint,
          );
          known.forEach((one, i) => {
            one.handle = fresh[i]!;
          });
        }
        await checkpoint?.();
      }
      return outputs;
    },
    async decode(latents, checkpoint) {
      const images: Float32Array[] = [];
      for (let at = 0; at < latents.length; at += batches.decoder) {
        const slice = latents.slice(at, at + batches.decoder);
        const found = await tensorCall('decode', slice, batches.decoder, () => ({}), checkpoint);
        if ('unknown' in found) throw lies(model, 'decode', 'it needs no handles');
        images.push(...fromBytes(found, slice.length));
        await checkpoint?.();
      }
      return images;
    },
    releaseEncoders: () => Promise.resolve(),
    release() {
      client.close();
      return Promise.resolve();
    },
  };
}

/** The error for a server that does not keep to the protocol. */
const lies = (model: string, call: string, what: string): QschedError =>
  new QschedError(
    'failure',
    `The server of the model "${model}" does not keep to the protocol in ${call}: ${what}.`,
    'docs/model-servers.md has the protocol; repair the server, then resume.',
    true,
  );
