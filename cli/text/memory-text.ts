/**
 * A plan of memory as a table.
 */
import type { MemoryPlan, PlannedNetwork } from '../../inference/memory-plan.js';
import { formatBytes } from './bytes.js';
import { textTable } from './table-document.js';

const HEAD = ['network', 'weights', 'in memory', 'rows per call', 'per row', 'per call'];

const rowOf = ({ file, weights, rows, rowBytes }: PlannedNetwork): string[] => [
  file,
  formatBytes(weights.files),
  formatBytes(weights.open),
  String(rows),
  formatBytes(rowBytes),
  formatBytes(rows * rowBytes),
];

/** @param what the model at its precision and size @param processes that a command would start here */
export function memoryText(what: string, plan: MemoryPlan, processes: number): string {
  const { networks, cacheBytes, processBytes, bytes, memoryBytes, takesTurns, fits } = plan;
  const turns = takesTurns
    ? ['text encoders are open only while texts are encoded, and the other networks afterwards: all do not fit at once']
    : [];
  const verdict =
    fits < processes
      ? `too little: ${fits === 0 ? 'not even one fits' : `only ${fits} of ${processes} fit: --workers ${fits}`}`
      : `enough for ${processes === 1 ? 'the one process' : `the ${processes} processes`} that qsched starts here`;
  return [
    `${what}, estimated; caches are limits`,
    textTable([HEAD, ...networks.map(rowOf)]),
    `caches ${formatBytes(cacheBytes)}, process ${formatBytes(processBytes)}`,
    ...turns,
    `one scoring process: at most ${formatBytes(bytes)} of ${formatBytes(memoryBytes)}; ${verdict}`,
  ].join('\n');
}
