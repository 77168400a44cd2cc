/**
 * Numeric class: what decides the last bits of a score. Equal scores are promised within one class.
 */
import { readFileSync } from 'node:fs';
import { arch, totalmem } from 'node:os';
import { spawnSync } from 'node:child_process';
import { env } from 'onnxruntime-node';
import type { NumericClass } from '../../contract/wire/describe.js';
import type { Batches } from '../../contract/wire/network.js';
import { parseDevice, type Device } from './device.js';

const INSTRUCTION_SETS = ['amx_int8', 'avx512_vnni', 'avx_vnni', 'avx512f', 'avx2', 'avx'];

/** The instruction sets by which ONNX Runtime chooses its kernels, the best first. */
export function cpuInstructions(): string {
  if (arch() !== 'x64') return arch();
  try {
    const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? []);
    return INSTRUCTION_SETS.filter((set) => flags.has(set)).join('+') || 'sse';
  } catch {
    return 'x64';
  }
}

/** A GPU, as far as it is known. */
interface Gpu {
  readonly gpu: string;
  readonly driver: string;
  readonly memoryBytes?: number;
}

/** NVIDIA's own tool, which comes with the driver. */
const NVIDIA_SMI = 'nvidia-smi';

const gpus = new Map<string, Gpu>();

/** Asks nvidia-smi, which can tell CUDA devices alone. */
function gpuOf({ provider, index }: Device): Gpu {
  const key = `${provider}:${index}`;
  const known = gpus.get(key) ?? (provider === 'cuda' ? askNvidia(index) : undefined);
  const found = known ?? { gpu: 'unknown', driver: 'unknown' };
  gpus.set(key, found);
  return found;
}

function askNvidia(index: number): Gpu | undefined {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader,nounits', '-i', String(index)];
  const { status, stdout } = spawnSync(NVIDIA_SMI, query, { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? parseNvidia(stdout) : undefined;
}

/** Reads `name, driver, MiB`. */
export function parseNvidia(line: string): Gpu | undefined {
  const [gpu, driver, mebibytes] = line.trim().split(/, */);
  if (gpu === undefined || driver === undefined || !(Number(mebibytes) > 0)) return undefined;
  return { gpu, driver, memoryBytes: Number(mebibytes) * 2 ** 20 };
}

/**
 * The class of this process for one model.
 *
 * @param batch rows per call: one number if all networks have the same
 * @param device as `--device` names it
 */
export function numericClass(batch: number | Batches, device = 'cpu'): NumericClass {
  const parsed = parseDevice(device);
  const { provider } = parsed;
  const common = { provider, onnxruntime: env.versions.node ?? env.versions.common };
  if (provider === 'cpu') return { ...common, instructions: cpuInstructions(), batch };
  const { gpu, driver } = gpuOf(parsed);
  return { ...common, gpu, driver, batch };
}

/** Bytes of memory in which networks run: the GPU's if it is known, else the machine's or the container's. */
export function memoryOf(device = 'cpu'): number {
  const parsed = parseDevice(device);
  const own = Math.min(process.constrainedMemory() || Infinity, totalmem());
  return parsed.provider === 'cpu' ? own : (gpuOf(parsed).memoryBytes ?? own);
}
