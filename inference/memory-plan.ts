/**
 * The plan of memory of a scoring process: what it takes for a model at a precision and a size, from files and arithmetic
 * alone. All of it is estimated before anything is loaded.
 */
import { basename, join } from 'node:path';
import { QschedError } from '../contract/errors.js';
import type { Batches } from '../contract/wire/network.js';
import { BLOCK_BUDGET } from './engine/generate-blocks.js';
import { SAMPLER_BUDGET } from './engine/sampler.js';
import type { DeviceOptions } from './pipelines/open-pipeline.js';
import { batchesOf, scorerRowBytes } from './models/batches.js';
import { parseDevice } from './models/device.js';
import type { ModelFolder } from './models/model-folder.js';
import type { NetworkFile } from './models/network-file.js';
import { weightBytes, type WeightBytes } from './models/weight-bytes.js';
import { openScorerFolder } from './scorers/scorer-folder.js';

/** Node, ONNX Runtime and Temporal's bridge, before a model is opened. */
const PROCESS_BYTES = 300 * 2 ** 20;
/** Where networks do not fit beside each other in this share of the memory, they take turns. */
const COMFORTABLE = 0.75;

/** One network of the plan. */
export interface PlannedNetwork {
  readonly file: string;
  readonly role: keyof Batches;
  readonly weights: WeightBytes;
  readonly rows: number;
  readonly rowBytes: number;
}

export interface MemoryPlan {
  readonly networks: readonly PlannedNetwork[];
  readonly batches: Batches;
  /** Everything that the engine remembers, and images that wait to be scored: at most. */
  readonly cacheBytes: number;
  /** Node and libraries. */
  readonly processBytes: number;
  /** Whether text encoders are open only while texts are encoded, and the other networks only afterwards. */
  readonly takesTurns: boolean;
  /** One process at most. */
  readonly bytes: number;
  /** What there is. */
  readonly memoryBytes: number;
  /** Processes that fit; on a GPU and with large models there is one per device. */
  readonly fits: number;
}

/** Bytes that samplers and blocks of images may take. */
const CACHE_BYTES = [...Object.values(SAMPLER_BUDGET), ...Object.values(BLOCK_BUDGET)].reduce(
  (sum, bytes) => sum + bytes,
  0,
);

/**
 * @param memoryBytes what there is
 * @param roots where scorers are looked for; by default where the environment says
 */
export function planMemory(
  model: ModelFolder,
  { device = 'cpu', batch }: Pick<DeviceOptions, 'device' | 'batch'>,
  memoryBytes: number,
  roots?: readonly string[],
): MemoryPlan {
  const cpu = parseDevice(device).provider === 'cpu';
  const batches = batchesOf(model, batch);
  const planned = (folder: string, { file, role, rowBytes }: NetworkFile): PlannedNetwork => ({
    file: role === 'scorer' ? `${basename(folder)}/${file}` : file,
    role,
    weights: weightBytes(join(folder, file), cpu),
    rows: batches[role],
    rowBytes,
  });
  const scorers = Object.keys(model.scorers).flatMap((role) => {
    const found = scorerOf(role, model, roots);
    return found?.networks.map((network) => planned(found.folder, { ...network, role: 'scorer' })) ?? [];
  });
  const networks = [...model.networks.map((network) => planned(model.folder, network)), ...distinct(scorers)];
  const encoders = networks.filter(({ role }) => role === 'text');
  const others = networks.filter(({ role }) => role !== 'text');
  const scoring = batches.scorer * scorerRowBytes(model);
  const fixed = PROCESS_BYTES + CACHE_BYTES + scoring;
  const beside = fixed + peakOf(networks);
  const takesTurns = encoders.length > 0 && beside > COMFORTABLE * memoryBytes;
  const bytes = takesTurns ? fixed + Math.max(peakOf(encoders), peakOf(others)) : beside;
  return {
    networks,
    batches,
    cacheBytes: CACHE_BYTES,
    processBytes: PROCESS_BYTES,
    takesTurns,
    bytes,
    memoryBytes,
    fits: Math.floor(memoryBytes / bytes),
  };
}

function scorerOf(role: string, model: ModelFolder, roots?: readonly string[]) {
  try {
    return openScorerFolder(role, model, roots);
  } catch (error) {
    if (error instanceof QschedError) return undefined; // it is reported where it is asked for
    throw error;
  }
}

/** Towers that two roles share are open once. */
const distinct = (networks: readonly PlannedNetwork[]): PlannedNetwork[] => [
  ...new Map(networks.map((network) => [network.file, network])).values(),
];

/** The most that networks take which are opened one after another and then stay open. */
function peakOf(networks: readonly PlannedNetwork[]): number {
  let open = 0;
  let peak = 0;
  for (const { weights, rows, rowBytes } of networks) {
    peak = Math.max(peak, open + weights.opening);
    open += weights.open + rows * rowBytes;
  }
  return Math.max(peak, open);
}

/**
 * Refuses what does not fit in a worker's memory.
 *
 * @param name what messages call the model
 * @throws QschedError (failure, final)
 */
export function refuseTooLittleMemory(name: string, plan: MemoryPlan): void {
  const { networks, batches, memoryBytes, cacheBytes } = plan;
  // Caches are limits, which small models do not reach.
  const bytes = plan.bytes - cacheBytes;
  if (bytes <= memoryBytes) return;
  const gigabytes = (count: number): string => `${(count / 1e9).toFixed(1)} GB`;
  const weights = networks.reduce((sum, { weights: { open } }) => sum + open, 0);
  const rows = Object.entries(batches).map(([role, count]) => `${role} ${count}`);
  throw new QschedError(
    'failure',
    `${name} needs about ${gigabytes(bytes)} of memory (${gigabytes(weights)} of weights; rows per call: ` +
      `${rows.join(', ')}), and this worker has ${gigabytes(memoryBytes)}.`,
    `Use a larger machine, or start all workers with a smaller --network-batch; the plan: npx qsched doctor --model ${name.replace(' ', ' --precision ')}`,
    true,
  );
}
