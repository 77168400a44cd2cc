/**
 * A pipeline whose networks run behind a model server. Latents cross in the type that the server describes; what texts are
 * conditioned on stays there, and is known here by handles.
 */
import { EncodeAnswer } from '../../contract/model-server.js';
import type { Checkpoint, Conditioning, Pipeline } from '../pipelines/pipeline.js';
import { readBody } from './json-body.js';
import type { ServerClient } from './server-client.js';
import { lies, tensorCaller, timed, type ServedNetwork } from './tensor-call.js';

const JSON_TYPE = 'application/json';
/** Encoding anew after a restart is tried this often: a server that forgets at once would be asked for ever. */
const MAX_FORGOTTEN = 3;

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

/** Texts of conditionings: those of one network of a model are given to its other networks as well. */
const texts = new WeakMap<Conditioning, string>();

/** Opens nothing: the server has its networks open. */
export function servedPipeline(client: ServerClient, network: ServedNetwork): Pipeline {
  const { model, precision, options, latentShape, batches, description } = network;
  const tensorCall = tensorCaller(client, network);
  const rows = { denoiser: 0, padded: 0 };
  const remotes = new WeakMap<Conditioning, Remote>();

  /** Handles of texts, at most `batches.text` per call. */
  async function handlesOf(asked: readonly string[], checkpoint?: Checkpoint): Promise<Handle[]> {
    const handles: Handle[] = [];
    for (let at = 0; at < asked.length; at += batches.text) {
      const slice = asked.slice(at, at + batches.text);
      const body = Buffer.from(JSON.stringify({ precision, options, texts: slice }));
      const answer = await timed(() => client.post('encode', body, JSON_TYPE, description.identity, checkpoint));
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

  /** What this network knows conditionings by; those of another one of the model are encoded. */
  async function remotesOf(conditioning: readonly Conditioning[], checkpoint?: Checkpoint): Promise<Remote[]> {
    const others = [...new Set(conditioning.filter((one) => !remotes.has(one)))];
    const own = others.map((one) => textOf(one));
    const handles = await handlesOf(own, checkpoint);
    others.forEach((one, i) => remotes.set(one, { text: own[i]!, handle: handles[i]! }));
    return conditioning.map((one) => remotes.get(one)!);
  }

  return {
    latentShape,
    batches,
    rows,
    async encode(asked, checkpoint) {
      if (!description.readsText) return asked.map(() => ({ tensors: [], bytes: 0 }));
      const handles = await handlesOf(asked, checkpoint);
      return asked.map((text, i) => {
        const conditioning = { tensors: [], bytes: 0 };
        texts.set(conditioning, text);
        remotes.set(conditioning, { text, handle: handles[i]! });
        return conditioning;
      });
    },
    async denoise(latents, timestep, conditioning, checkpoint) {
      const outputs: Float32Array[] = [];
      for (let at = 0; at < latents.length; at += batches.denoiser) {
        const slice = latents.slice(at, at + batches.denoiser);
        const given = description.readsText ? conditioning.slice(at, at + slice.length) : [];
        const known = await remotesOf(given, checkpoint);
        rows.denoiser += slice.length;
        rows.padded += batches.denoiser;
        for (let tries = 0; ; tries += 1) {
          const handles = known.map(({ handle }) => handle.name);
          while (handles.length > 0 && handles.length < batches.denoiser) handles.push(handles.at(-1)!);
          const metadata = { timestep: String(timestep), handles: JSON.stringify(handles) };
          const found = await tensorCall('denoise', slice, metadata, checkpoint);
          if (!('unknown' in found) && known.every(({ handle }) => handle.instance === found.instance)) {
            outputs.push(...found.rows);
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
        const found = await tensorCall('decode', slice, {}, checkpoint);
        if ('unknown' in found) throw lies(model, 'decode', 'it needs no handles');
        images.push(...found.rows);
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

/** @throws Error for a conditioning that no server gave: nothing is sampled without its text */
function textOf(conditioning: Conditioning): string {
  const text = texts.get(conditioning);
  if (text === undefined) throw new Error('A conditioning of another pipeline was given to a served network.');
  return text;
}
