/**
 * `npm run bench [-- NAME ...]`: measures, writes bench/results.json, prints the table.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gridSpec, runGrid } from './grid-run.js';
import { noopScore } from './noop-score.js';
import { runPeer } from './peer.js';
import { asTable, result, save, type BenchResult } from './results.js';

const threads = Math.min(16, availableParallelism());
const root = fileURLToPath(new URL('..', import.meta.url));

async function plainLoop(steps: number): Promise<BenchResult[]> {
  const run = await runGrid(gridSpec(steps, 11, 20, [0, 1]));
  const peer = runPeer('plain_loop.py', [
    '--models',
    `${root}models`,
    '--prompts',
    `${root}prompts/shapes-calibration.json`,
    '--steps',
    String(steps),
    '--threads',
    String(threads),
  ]);
  const lines = [
    result({
      name: `plain-loop-${steps}`,
      ours: run.seconds,
      peer: peer?.['seconds'] ?? null,
      unit: 's for 121 candidates x 40 images',
      better: 'lower',
      peerName: 'plain Python loop, onnxruntime 1.30.0',
      target: 1,
      measure: 'ratio',
    }),
  ];
  if (steps === 4) {
    lines.push(
      result({
        name: 'time-outside-ort',
        ours: 1 - run.runtimeSeconds / (run.seconds * run.processes),
        peer: null,
        unit: "share of the scoring processes' time",
        better: 'lower',
        peerName: null,
        target: 0.07,
        measure: 'ours',
      }),
    );
  }
  return lines;
}

async function noopGrid(): Promise<BenchResult[]> {
  const run = await runGrid(gridSpec(4, 50, 20, [0]), noopScore);
  const peer = runPeer('optuna_noop.py', ['17']);
  return [
    result({
      name: 'noop-grid',
      ours: run.candidates / run.seconds,
      peer: peer?.['perSecond'] ?? null,
      unit: 'candidates/s',
      better: 'higher',
      peerName: 'Optuna 5.0.0 with SQLite',
      target: 500,
      measure: 'ours',
    }),
  ];
}

const BENCHES: readonly { names: readonly string[]; run: () => Promise<BenchResult[]> }[] = [
  { names: ['noop-grid'], run: noopGrid },
  { names: ['plain-loop-4', 'time-outside-ort'], run: () => plainLoop(4) },
  { names: ['plain-loop-2'], run: () => plainLoop(2) },
];

const wanted = process.argv.slice(2);
let all: BenchResult[] = [];
for (const { names, run } of BENCHES) {
  if (wanted.length > 0 && !names.some((name) => wanted.includes(name))) continue;
  process.stderr.write(`measuring ${names.join(', ')} ...\n`);
  all = save(await run());
}
process.stdout.write(`${asTable(all)}\n`);
process.exit(0);
