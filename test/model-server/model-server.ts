/**
 * A model server of the protocol in docs/model-servers.md, over ONNX networks of a model folder: what PyTorch has behind
 * the door is here the same checkpoint as in the process itself, so that both must agree.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  IDENTITY_HEADER,
  INSTANCE_HEADER,
  SERVER_PROTOCOL,
  type ServerDescription,
} from '../../contract/model-server.js';
import { openModelFolder, type ModelFolder } from '../../inference/models/model-folder.js';
import { readsText } from '../../inference/pipelines/pipeline-kind.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import type { Conditioning, Pipeline } from '../../inference/pipelines/pipeline.js';
import { hashFiles } from '../../inference/models/file-hashes.js';
import { packRows, unpackRows } from '../../inference/served/rows.js';
import { decodeTensors, encodeTensors, layTensors, type Tensors } from '../../inference/served/safetensors.js';
import { imageFromPlanar } from '../../metrics/images/image.js';

const NO_TEXT: Conditioning = { tensors: [], bytes: 0 };

/** What a server does wrong. */
export interface Faults {
  /**
   * Answers `denoise` once with a tensor of another shape, type or name, with NaN, not at all, with half an answer, or under
   * another identity.
   */
  denoise?: 'shape' | 'dtype' | 'name' | 'nan' | 'hang' | 'cut' | 'identity' | 'nameless' | 'garbage' | 'error';
  /** Never answers `denoise`. */
  silent?: boolean;
  /** Forgets all handles before the next call. */
  forget?: boolean;
}

/** A server and what it was asked. */
export interface ModelServer {
  readonly server: Server;
  readonly faults: Faults;
  readonly calls: { encode: number; denoise: number; decode: number };
}

/** The description of a model folder at all of its precisions. */
export async function describeFolder(
  name: string,
  roots?: readonly string[],
  batch?: number,
): Promise<ServerDescription> {
  const first = openModelFolder(name, 'default', roots);
  const precisions: ServerDescription['precisions'] = {};
  for (const precision of first.precisions) {
    const model = openModelFolder(name, precision, roots);
    precisions[precision] = { weights: await hashFiles(model.folder, model.files) };
  }
  const pipeline = await openPipeline(first, batched(batch));
  const [, height] = first.latentShape;
  const [planar] = await pipeline.decode([new Float32Array(first.latentShape.reduce((a, b) => a * b, 1))]);
  const pixelsPerLatent = Math.round(Math.sqrt(planar!.length / 3) / height);
  const { text, denoiser, decoder } = pipeline.batches;
  await pipeline.release();
  return {
    protocol: SERVER_PROTOCOL,
    identity: 'onnx in another process',
    server: { name: 'test server', version: '1' },
    pipeline: first.pipeline,
    precisions,
    defaultPrecision: first.precision,
    latentShape: [...first.latentShape],
    pixelsPerLatent,
    readsText: readsText(first),
    schedulerConfig: { ...first.schedulerConfig },
    modelIndex: { ...first.modelIndex },
    batches: { text, denoiser, decoder },
    dtype: 'F32',
    device: 'cpu',
    versions: { node: process.version },
    options: [],
  };
}

const batched = (batch?: number) => ({ threads: 1, ...(batch === undefined ? {} : { batch }) });

/** A server that does not listen yet. @param batch rows per call, as it was described with */
export function createModelServer(
  name: string,
  description: ServerDescription,
  roots?: readonly string[],
  faults: Faults = {},
  batch?: number,
): ModelServer {
  const pipelines = new Map<string, Promise<Pipeline>>();
  const handles = new Map<string, Conditioning>();
  const calls = { encode: 0, denoise: 0, decode: 0 };
  let instance: string = randomUUID();
  const open = (model: ModelFolder): Promise<Pipeline> => openPipeline(model, batched(batch));
  const pipelineOf = (precision: string): Promise<Pipeline> => {
    const found = pipelines.get(precision) ?? open(openModelFolder(name, precision, roots));
    pipelines.set(precision, found);
    return found;
  };

  async function answer(path: string, body: Buffer): Promise<Uint8Array | { status: number; error: object } | null> {
    if (faults.forget === true) {
      // As after a restart, in which handles begin anew and mean other texts.
      faults.forget = false;
      instance = randomUUID();
      handles.clear();
    }
    if (path === '/v1/encode') {
      calls.encode += 1;
      const { precision, texts } = JSON.parse(body.toString()) as { precision: string; texts: string[] };
      const made = await (await pipelineOf(precision)).encode(texts);
      const names = texts.map((text, i) => {
        const handle = `${handles.size}:${text.slice(0, 10)}`;
        handles.set(handle, made[i]!);
        return handle;
      });
      return Buffer.from(JSON.stringify({ handles: names }));
    }
    const { tensors, metadata } = decodeTensors(body);
    const pipeline = await pipelineOf(metadata['precision']!);
    const latents = unpackRows(tensors['latents']!, tensors['latents']!.shape[0]!);
    if (path === '/v1/decode') {
      calls.decode += 1;
      return encodeTensors(imagesOf(await pipeline.decode(latents)));
    }
    calls.denoise += 1;
    const { denoise: fault } = faults;
    delete faults.denoise;
    if (fault === 'hang' || faults.silent === true) return null;
    if (fault === 'error') return { status: 400, error: { error: 'out of memory\non the device' } };
    if (fault === 'garbage') return Buffer.from('not tensors at all');
    const asked = JSON.parse(metadata['handles']!) as string[];
    const unknown = asked.filter((handle) => !handles.has(handle));
    if (unknown.length > 0) return { status: 410, error: { error: 'unknown handles', unknown } };
    const outputs = await pipeline.denoise(
      latents,
      Number(metadata['timestep']),
      description.readsText ? asked.map((handle) => handles.get(handle)!) : latents.map(() => NO_TEXT),
    );
    if (fault === 'nan') for (const row of outputs) row.fill(NaN);
    const { shape } = tensors['latents']!;
    const told = fault === 'shape' ? [shape[0]! * shape[1]!, ...shape.slice(2)] : shape;
    const dtype = fault === 'dtype' ? 'F16' : description.dtype;
    const name = fault === 'name' ? 'latents' : 'outputs';
    const { all, places } = layTensors({ [name]: { dtype, shape: told } }, {});
    packRows(outputs, outputs.length, dtype, places.get(name)!);
    return all;
  }

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(JSON.stringify({ error: String(error) }));
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/v1/describe') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(description));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const fault = request.url === '/v1/denoise' ? faults.denoise : undefined;
    const found = await answer(request.url ?? '', Buffer.concat(chunks));
    if (found === null) return;
    const headers = {
      [IDENTITY_HEADER]: fault === 'identity' ? 'another one' : description.identity,
      ...(fault === 'nameless' ? {} : { [INSTANCE_HEADER]: instance }),
    };
    if (fault === 'cut' && !('error' in found)) {
      response.writeHead(200, { ...headers, 'content-length': found.length });
      response.write(found.subarray(0, found.length / 2), () => response.destroy());
      return;
    }
    if ('error' in found) response.writeHead(found.status, headers).end(JSON.stringify(found.error));
    else response.writeHead(200, headers).end(found);
  }

  return { server, faults, calls };
}

/** Decoded images as bytes, planar. */
function imagesOf(decoded: readonly Float32Array[]): Tensors {
  const side = Math.sqrt(decoded[0]!.length / 3);
  const area = side * side;
  const bytes = new Uint8Array(decoded.length * 3 * area);
  decoded.forEach((planar, n) => {
    const { data } = imageFromPlanar(planar, side, side);
    for (let c = 0; c < 3; c += 1) {
      for (let i = 0; i < area; i += 1) bytes[(n * 3 + c) * area + i] = data[3 * i + c]!;
    }
  });
  return { tensors: { images: { dtype: 'U8', shape: [decoded.length, 3, side, side], bytes } }, metadata: {} };
}
