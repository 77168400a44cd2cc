/**
 * An ONNX Runtime session with a fixed, padded batch and a clock.
 *
 * Rows are padded to `batch`, so that a row's output has the same bits whatever its neighbours are and however many there
 * are.
 */
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { messageOf, QschedError } from '../../contract/errors.js';
import { executionProvider, parseDevice } from './device.js';
import { cannotOpen, requireLibraries } from './device-needs.js';
import { rowsPerCall } from './network-file.js';
import { readGraph } from './onnx-graph.js';
import { floatsOf, numberTensor, rowsTensor, wholeTensor, type Feed, type InputInfo } from './tensors.js';

/** Seconds spent inside ONNX Runtime, over all sessions of a thread. */
export const runtimeClock = { seconds: 0 };

/** A loaded network. */
export interface RuntimeSession {
  /** Rows per call: the batch that was asked for, or what the network itself requires. */
  readonly batch: number;
  /** `runAll` for one output. */
  readonly run: <T>(
    rows: readonly T[],
    feeds: (slice: readonly T[]) => Readonly<Record<string, Feed>>,
    output: string,
    checkpoint?: () => Promise<void>,
  ) => Promise<Float32Array[]>;
  /**
   * Runs any number of rows, a batch at a time.
   *
   * @param feeds the inputs of a slice of the rows, at most a batch
   * @param outputs names of outputs; each row is returned as one Float32Array per output, in this order
   * @param checkpoint awaited after each batch
   */
  readonly runAll: <T>(
    rows: readonly T[],
    feeds: (slice: readonly T[]) => Readonly<Record<string, Feed>>,
    outputs: readonly string[],
    checkpoint?: () => Promise<void>,
  ) => Promise<Float32Array[][]>;
  release(): Promise<void>;
}

/** Options of a session: device and batch are part of how numbers come out. */
export interface SessionOptions {
  readonly batch: number;
  readonly threads: number;
  /** As `--device` names it; by default the CPU. */
  readonly device?: string;
  /** Inputs without an axis for rows. */
  readonly shared?: readonly string[];
  /** Whether a network is opened when it first runs, where memory is too short for all at once. */
  readonly late?: boolean;
}

/** Loads a network by path. @throws QschedError (usage) if the file is not a model that the runtime takes */
export async function openSession(path: string, options: SessionOptions): Promise<RuntimeSession> {
  const batch = rowsPerCall(readGraph(path), options.batch, options.shared);
  const session = await createSession(path, options);
  const metadata = session.inputMetadata.flatMap((input) => (input.isTensor ? [input] : []));
  let numbersPerRow = false;
  const runAll: RuntimeSession['runAll'] = async (rows, feeds, outputs, checkpoint) => {
    const results: Float32Array[][] = [];
    for (let start = 0; start < rows.length; start += batch) {
      const slice = rows.slice(start, start + batch);
      const found = await call(feeds(slice), outputs).catch((error: unknown) => {
        throw failureOf(path, batch, error);
      });
      const rowOf = (data: Float32Array, row: number): Float32Array =>
        data.subarray((row * data.length) / batch, ((row + 1) * data.length) / batch);
      slice.forEach((_, row) => results.push(found.map((data) => rowOf(data, row))));
      await checkpoint?.();
    }
    return results;
  };
  return {
    batch,
    release: () => session.release(),
    runAll,
    run: async (rows, feeds, output, checkpoint) =>
      (await runAll(rows, feeds, [output], checkpoint)).map(([found]) => found!),
  };

  async function call(given: Readonly<Record<string, Feed>>, outputs: readonly string[]): Promise<Float32Array[]> {
    const found = await (numbersPerRow ? withNumbers(batch) : withNumbers(1).catch(perRow));
    return outputs.map((output) => {
      const { dims } = found[output]!;
      if (dims[0] !== batch) {
        throw new TypeError(`the output "${output}" has the shape [${dims.join(', ')}], which is not ${batch} rows`);
      }
      return floatsOf(found[output]!);
    });

    async function withNumbers(numbers: number): ReturnType<InferenceSession['run']> {
      const tensors: Record<string, Tensor> = {};
      for (const input of metadata) {
        const feed = given[input.name];
        if (feed === undefined) throw new TypeError(`the input "${input.name}" is not fed`);
        tensors[input.name] = tensorOf(feed, input, batch, numbers);
      }
      const begin = performance.now();
      const found = await session.run(tensors, [...outputs]);
      runtimeClock.seconds += (performance.now() - begin) / 1000;
      return found;
    }
    /** A vector on a named axis takes one number as a rule; a network that refuses it may take one per row. */
    async function perRow(error: unknown): ReturnType<InferenceSession['run']> {
      const named = metadata.some(({ name, shape }) => 'value' in (given[name] ?? {}) && typeof shape[0] === 'string');
      if (!named || batch === 1) throw error;
      const found = await withNumbers(batch);
      numbersPerRow = true;
      return found;
    }
  }
}

function tensorOf(feed: Feed, input: InputInfo, batch: number, numbers: number): Tensor {
  if ('rows' in feed) return rowsTensor(feed, input.type, batch);
  return 'whole' in feed ? wholeTensor(feed, input.type) : numberTensor(feed.value, input, batch, numbers);
}

async function createSession(path: string, { threads, device = 'cpu' }: SessionOptions): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, {
      executionProviders: [executionProvider(parseDevice(device))],
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
}

/** Opens a session on the smallest of networks. @throws QschedError (usage) if the device does not work here */
export async function assertProviderWorks(device = 'cpu'): Promise<void> {
  const parsed = parseDevice(device);
  requireLibraries(device);
  const provider = executionProvider(parsed);
  try {
    const session = await InferenceSession.create(IDENTITY, { executionProviders: [provider], logSeverityLevel: 4 });
    await session.release();
  } catch (error) {
    throw cannotOpen(device, parsed, messageOf(error));
  }
}

/** An ONNX model with one node, y = Identity(x), x of one float32. */
const IDENTITY = Buffer.from(
  'CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEA0=',
  'base64',
);

/** Wrong types and shapes stay wrong; anything else, such as a device that is out of memory, may work elsewhere. */
function failureOf(path: string, batch: number, error: unknown): QschedError {
  const reason = messageOf(error).trim();
  const calls = `running ${path} with ${batch} rows per call`;
  if (/bad_?alloc|out of memory|failed to allocate|allocation fail/i.test(reason)) {
    return new QschedError(
      'failure',
      `Out of memory ${calls}: ${reason}`,
      'Start all workers with a smaller --network-batch.',
    );
  }
  const final =
    error instanceof RangeError ||
    error instanceof TypeError ||
    /INVALID_ARGUMENT|invalid (dimensions|rank|feed|input)|unexpected input data type|shape|dimension|not implemented/i.test(
      reason,
    );
  return new QschedError(
    'failure',
    `ONNX Runtime failed ${calls}: ${reason}`,
    final ? 'Export the network again with dynamic axes, in float32 or float16.' : '',
    final,
  );
}
