/**
 * Numeric class: what decides the last bits of a score. Equal scores are promised within one class.
 */
import { readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { env } from 'onnxruntime-node';

/** Execution provider, runtime version, instruction set and batch shape. */
export interface NumericClass {
  readonly provider: string;
  readonly onnxruntime: string;
  readonly instructions: string;
  readonly batch: number;
}

const INSTRUCTION_SETS = ['amx_int8', 'avx512_vnni', 'avx_vnni', 'avx512f', 'avx2', 'avx'];

/** The best instruction set that ONNX Runtime's kernels choose by. */
function instructions(): string {
  if (arch() !== 'x64') return arch();
  try {
    const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? []);
    return INSTRUCTION_SETS.filter((set) => flags.has(set)).join('+') || 'sse';
  } catch {
    return 'x64';
  }
}

/** The class of this process. @param batch rows of every network call, padded */
export function numericClass(batch: number, provider = 'cpu'): NumericClass {
  return { provider, onnxruntime: env.versions.node ?? env.versions.common, instructions: instructions(), batch };
}
