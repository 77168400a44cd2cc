/**
 * Checks of this machine: Node, ONNX Runtime and its devices, memory, what builds what is not installed.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { env as runtime, listSupportedBackends } from 'onnxruntime-node';
import { messageOf } from '../../contract/errors.js';
import { requireLibraries } from '../../inference/models/device-needs.js';
import { cpuInstructions } from '../../inference/models/numeric-class.js';
import { findExecutable } from '../../temporal/executable.js';
import { formatBytes } from '../text/bytes.js';
import type { Check } from './finding.js';

const MIN_NODE = [20, 17] as const;
const MIN_FREE_MEMORY = 1e9;
const GO = 'go';
/** ONNX Runtime lists it, and qsched does not offer it. */
const NOT_OFFERED = 'tensorrt';

/** @throws Error if this Node is too old */
export function nodeDetail(version = process.versions.node): string {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1])) {
    throw new Error(`Node ${version} is older than ${MIN_NODE.join('.')}`);
  }
  return `v${version}, ${availableParallelism()} cores`;
}

/** Devices of ONNX Runtime, and of each one that does not work what it lacks. */
function runtimeDetail(): string {
  const backends = listSupportedBackends().map(({ name }) => name);
  const states = backends
    .filter((name) => name !== NOT_OFFERED)
    .map((name) => {
      try {
        requireLibraries(name);
        return name;
      } catch (error) {
        return `${name} (not usable: ${messageOf(error).replace(/\.$/, '')})`;
      }
    });
  return `${runtime.versions.node ?? ''}: ${states.join(', ')}; ${cpuInstructions()}`;
}

/** @param free bytes that programs can have */
export function memoryDetail(free = process.availableMemory(), all = totalmem()): string {
  const text = `${formatBytes(free)} of ${formatBytes(Math.min(process.constrainedMemory() || Infinity, all))} free`;
  if (free < MIN_FREE_MEMORY) throw new Error(`only ${text}`);
  return `${text}; what a model needs: npx qsched doctor --model NAME`;
}

/** Go is needed where the server's binary is absent. SQLite's binding was loaded, or this command would not run. */
async function buildDetail(): Promise<string> {
  if ((await findExecutable()) !== null) return 'not needed: better-sqlite3 and the Temporal server are installed';
  const go = spawnSync(GO, ['version'], { encoding: 'utf8' });
  if (go.status === 0) return go.stdout.trim();
  throw new Error('no Go, which builds the Temporal server where its download is unreachable');
}

export const MACHINE_CHECKS: readonly Check[] = [
  { name: 'node', advice: 'Install Node 20.17 or newer.', find: () => nodeDetail() },
  { name: 'onnxruntime', advice: 'Run npm ci again.', find: runtimeDetail },
  { name: 'memory', advice: 'Close other programs, or use --workers 1.', find: () => memoryDetail(), optional: true },
  { name: 'compiler', advice: 'Install Go 1.25 or newer, or the Temporal CLI.', find: buildDetail, optional: true },
];
