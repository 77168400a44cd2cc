/**
 * What the door of a model server costs: calls of `denoise` at SDXL's size to a process that answers at once, beside plain
 * POSTs of as many bytes with `fetch`, without packing and checking.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IDENTITY_HEADER, INSTANCE_HEADER, SERVER_PROTOCOL, type ServerDescription } from '../contract/model-server.js';
import { gaussianNoise } from '../diffusion/noise.js';
import { connectServer } from '../inference/served/server-client.js';
import { packRows } from '../inference/served/rows.js';
import { decodeTensors, layTensors } from '../inference/served/safetensors.js';
import { servedPipeline } from '../inference/served/served-pipeline.js';
import { result, type BenchResult } from './results.js';

const SHAPE = [4, 128, 128] as const;
const BATCHES = [4, 20];
const CALLS = 60;
const WARM_UP = 10;
const IDENTITY = 'echo';
const TEXTS = ['a red circle'];

const describe = (rows: number): ServerDescription => ({
  protocol: SERVER_PROTOCOL,
  identity: IDENTITY,
  server: { name: 'echo', version: '1' },
  pipeline: 'sdxl',
  precisions: { fp16: { weights: {} } },
  latentShape: [...SHAPE],
  pixelsPerLatent: 8,
  readsText: true,
  schedulerConfig: {},
  modelIndex: {},
  batches: { text: 1, denoiser: rows, decoder: 1 },
  dtype: 'F16',
  device: 'none',
  versions: {},
  options: [],
});

/** Standard normal numbers, as latents are. */
const latentsOf = (rows: number): Float32Array[] =>
  Array.from({ length: rows }, (_, seed) =>
    gaussianNoise({ seed, prompt: 'door', stepIndex: 0, length: SHAPE[0] * SHAPE[1] * SHAPE[2] }),
  );

/** An answer with so many rows. */
function made(rows: number): Uint8Array {
  const { all, places } = layTensors({ outputs: { dtype: 'F16', shape: [rows, ...SHAPE] } }, {});
  packRows(latentsOf(rows), rows, 'F16', places.get('outputs')!);
  return all;
}

/** Answers `denoise` with outputs that it has, by their rows, and anything to /plain with as many bytes. */
function serve(socket: string): void {
  const outputs = new Map<number, Uint8Array>();
  const outputsOf = (rows: number): Uint8Array => {
    const found = outputs.get(rows) ?? made(rows);
    outputs.set(rows, found);
    return found;
  };
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = { [IDENTITY_HEADER]: IDENTITY, [INSTANCE_HEADER]: 'one' };
      const body = Buffer.concat(chunks);
      const end = (answer: string | Uint8Array): void => {
        response.writeHead(200, { ...headers, 'content-length': answer.length }).end(answer);
      };
      if (request.url === '/v1/encode') end('{"handles":["one"]}');
      else if (request.url === '/plain') end(body);
      else end(outputsOf(decodeTensors(body).tensors['latents']!.shape[0]!));
    });
  }).listen(socket.startsWith('/') ? socket : Number(socket), () => process.send?.('ready'));
}

function startEcho(at: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), fileURLToPath(import.meta.url), at], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((done, fail) => {
    child.once('message', () => done(child));
    child.once('exit', (code) => fail(new Error(`the answering process ended (code ${code})`)));
  });
}

/** Median milliseconds of a call. */
async function median(call: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < WARM_UP; i += 1) await call();
  const times: number[] = [];
  for (let i = 0; i < CALLS; i += 1) {
    const begin = performance.now();
    await call();
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[CALLS >> 1]!;
}

async function doorOverhead(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-door-'));
  const socket = join(folder, 'socket');
  const port = 40_000 + (process.pid % 20_000);
  const children = [await startEcho(socket), await startEcho(String(port))];
  const length = SHAPE[0] * SHAPE[1] * SHAPE[2];
  const lines: BenchResult[] = [];
  try {
    for (const rows of BATCHES) {
      const client = connectServer({ model: 'echo', address: `unix:${socket}`, timeoutSeconds: 10, retries: 0 });
      const pipeline = servedPipeline(client, {
        model: 'echo',
        precision: 'fp16',
        options: {},
        latentShape: SHAPE,
        batches: { ...describe(rows).batches, scorer: 1 },
        description: describe(rows),
      });
      const latents = latentsOf(rows);
      const conditioning = (await pipeline.encode(TEXTS))[0]!;
      const all = latents.map(() => conditioning);
      const ours = await median(() => pipeline.denoise(latents, 999, all));
      const body = new Uint8Array(2 * rows * length);
      const plain = await median(async () =>
        (await fetch(`http://127.0.0.1:${port}/plain`, { method: 'POST', body })).arrayBuffer(),
      );
      await pipeline.release();
      lines.push(
        result({
          name: rows === BATCHES[0] ? 'door-overhead' : `door-overhead-${rows}`,
          title: `a call of a model server that answers at once, ${rows} rows of 4 x 128 x 128 in float16`,
          ours: ours / 1000,
          peer: plain / 1000,
          unit: 's',
          better: 'lower',
          peerName: 'fetch, the same bytes',
          target: rows === BATCHES[0] ? 0.005 : 0.025,
          measure: 'ours',
        }),
      );
    }
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true });
  }
  return lines;
}

export const doorBenches = [
  { names: ['door-overhead', ...BATCHES.slice(1).map((n) => `door-overhead-${n}`)], run: doorOverhead },
];

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(process.argv[2]!);
