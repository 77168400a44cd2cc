/**
 * An ONNX Runtime session with a fixed, padded batch and a clock.
 *
 * Rows are padded to `batch`, so that a row's output has the same bits whatever its
 * neighbours are and however many there are.
 */
import { basename } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { messageOf, QschedError } from '../../contract/errors.js';

/** Seconds spent inside ONNX Runtime, over all sessions of a thread. */
export const runtimeClock = { seconds: 0 };

/** One input of a network: `rows` values per row, or one value for all rows. */
export type Feed =
  | {
      readonly kind: 'rows';
      readonly rows: readonly (Float32Array | BigInt64Array)[];
      readonly shape: readonly number[];
    }
  | { readonly kind: 'scalar'; readonly value: number };

/** A loaded network. */
export interface RuntimeSession {
  readonly inputs: readonly string[];
  /** Runs `count` rows (at most the batch) and returns output `name`, one Float32Array a row. */
  run(feeds: Readonly<Record<string, Feed>>, count: number, name: string): Promise<Float32Array[]>;
  release(): Promise<void>;
}

/** Options of every session of a process: they are part of how numbers come out. */
export interface SessionOptions {
  readonly batch: number;
  readonly threads: number;
  readonly provider?: string;
}

/** Loads a network by path. @throws QschedError (usage) when the file is not a model that the runtime takes */
export async function openSession(
  path: string,
  { batch, threads, provider = 'cpu' }: SessionOptions,
): Promise<RuntimeSession> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(path, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw new QschedError(
      'usage',
      `ONNX Runtime cannot load ${path}: ${messageOf(error)}`,
      'Export the network again; see `npx qsched doctor`.',
    );
  }
  const metadata = new Map(session.inputMetadata.map((input) => [input.name, input]));
  return {
    inputs: session.inputNames,
    release: () => session.release(),
    async run(feeds, count, name) {
      const tensors: Record<string, Tensor> = {};
      for (const input of session.inputNames) {
        const feed = feeds[input];
        const about = metadata.get(input);
        if (feed === undefined || !about?.isTensor) {
          throw new QschedError(
            'usage',
            `${basename(path)} wants an input "${input}" that qsched does not know.`,
            'Only the inputs of the diffusers/Optimum export are known.',
          );
        }
        tensors[input] =
          feed.kind === 'rows' ? stack(feed, count, batch) : scalar(feed.value, about.type, about.shape.length);
      }
      if (!session.outputNames.includes(name)) {
        throw new QschedError(
          'usage',
          `${basename(path)} has no output "${name}"; it has ${session.outputNames.join(', ')}.`,
          'Export the network with the names of diffusers/Optimum.',
        );
      }
      const start = performance.now();
      const outputs = await session.run(tensors, [name]);
      runtimeClock.seconds += (performance.now() - start) / 1000;
      const data = outputs[name]!.data as Float32Array;
      const size = data.length / batch;
      return Array.from({ length: count }, (_, row) => data.subarray(row * size, (row + 1) * size));
    },
  };
}

function stack(feed: Extract<Feed, { kind: 'rows' }>, count: number, batch: number): Tensor {
  const size = feed.shape.reduce((product, n) => product * n, 1);
  const dims = [batch, ...feed.shape];
  if (feed.rows[0] instanceof BigInt64Array) {
    const data = new BigInt64Array(batch * size);
    for (let row = 0; row < batch; row += 1) data.set(feed.rows[Math.min(row, count - 1)] as BigInt64Array, row * size);
    return new Tensor('int64', data, dims);
  }
  const data = new Float32Array(batch * size);
  for (let row = 0; row < batch; row += 1) data.set(feed.rows[Math.min(row, count - 1)] as Float32Array, row * size);
  return new Tensor('float32', data, dims);
}

function scalar(value: number, type: string, rank: number): Tensor {
  const dims = rank === 0 ? [] : [1];
  if (type === 'int64') return new Tensor('int64', BigInt64Array.from([BigInt(Math.round(value))]), dims);
  if (type === 'int32') return new Tensor('int32', Int32Array.from([Math.round(value)]), dims);
  return new Tensor('float32', Float32Array.from([value]), dims);
}

/** Runs any number of rows, a batch at a time, with a pause for messages between batches. */
export async function runBatched<T>(
  items: readonly T[],
  batch: number,
  run: (slice: readonly T[]) => Promise<Float32Array[]>,
  between: () => Promise<void> = async () => {},
): Promise<Float32Array[]> {
  const results: Float32Array[] = [];
  for (let start = 0; start < items.length; start += batch) {
    results.push(...(await run(items.slice(start, start + batch))));
    await between();
  }
  return results;
}
