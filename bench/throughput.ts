/**
 * How fast a search is: on the bundled model beside plain Python, and with a score that costs nothing beside Optuna.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { GRID_POINTS, PAIRS, runGrid } from './grid-run.js';
import { runPeer } from './peer.js';
import { result, type BenchResult } from './results.js';
import { runWorkers } from './workers-run.js';

const cores = Math.min(16, availableParallelism());
const root = fileURLToPath(new URL('..', import.meta.url));
const CANDIDATES = GRID_POINTS ** 2;

/** The same grid as a plain Python loop, the faster of two ways to use the cores. */
function fasterLoop(steps: number): { readonly seconds: number | null; readonly name: string } {
  const files = ['--models', `${root}models`, '--prompts', `${root}prompts/shapes-calibration.json`];
  const found = runPeer('plain_loop.py', files.concat('--steps', String(steps), '--cores', String(cores)));
  const { threads, processes } = found ?? {};
  if (threads === undefined || processes === undefined) return { seconds: null, name: 'plain Python, onnxruntime' };
  const inThreads = `1 process with ${cores} threads`;
  const inProcesses = `${cores} processes with 1 thread each`;
  const [first, second, slower] =
    processes < threads ? [inProcesses, inThreads, threads] : [inThreads, inProcesses, processes];
  return {
    seconds: Math.min(threads, processes),
    name: `plain Python, onnxruntime 1.30.0, ${first} (${second}: ${slower.toFixed(1)} s)`,
  };
}

async function plainLoop(steps: number): Promise<BenchResult[]> {
  const run = await runGrid(steps, cores);
  const peer = fasterLoop(steps);
  const lines = [
    result({
      name: `plain-loop-${steps}`,
      title: `${GRID_POINTS} x ${GRID_POINTS} grid x ${PAIRS} images, ${steps} steps, through Temporal and SQLite`,
      ours: run.seconds,
      peer: peer.seconds,
      unit: 's',
      better: 'lower',
      peerName: peer.name,
      target: 1,
      measure: 'ratio',
    }),
  ];
  if (steps === 4) {
    lines.push(
      result({
        name: 'time-outside-ort',
        title: "the 4-step grid: the scoring processes' time outside ONNX Runtime",
        ours: 1 - run.runtimeSeconds / (run.seconds * cores),
        unit: 'share',
        better: 'lower',
        target: 0.07,
        measure: 'ours',
      }),
    );
  }
  return lines;
}

async function noopGrid(): Promise<BenchResult[]> {
  const run = await runWorkers({
    workers: 1,
    secondsPerBatch: 0,
    spec: {
      coefficients: { shape: 'single-scale' },
      prompts: { count: 20, seeds: [0] },
      optimizer: { type: 'grid', gridPoints: 50, budget: 2500 },
      select: { count: 4, finalists: 1 },
      confirm: { count: 20 },
    },
  });
  const peer = runPeer('optuna_noop.py', ['17']);
  return [
    result({
      name: 'noop-grid',
      title: 'candidates with 20 evaluations of 17 terms each, and a score that costs nothing',
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

/**
 * Rows that the denoiser computed, divided by those of the trajectory tree: per pair, one for the first step, which all
 * candidates share, and one for each further step of each candidate. The excess over 1 is first steps that several workers
 * computed.
 */
async function denoiserRows(workers: number): Promise<BenchResult[]> {
  const steps = 4;
  const bound = PAIRS * (1 + (steps - 1) * CANDIDATES);
  const run = await runGrid(steps, workers);
  return [
    result({
      name: `denoiser-rows-${workers}`,
      title: `the 4-step grid with ${workers} ${workers === 1 ? 'process' : 'processes'}: rows that the denoiser computed`,
      ours: run.denoiserRows / bound,
      unit: 'times the minimum',
      better: 'lower',
      target: 1 + (PAIRS * workers) / bound,
      measure: 'ours',
    }),
  ];
}

export const throughputBenches = [
  { names: ['noop-grid'], run: noopGrid },
  { names: ['plain-loop-4', 'time-outside-ort'], run: () => plainLoop(4) },
  { names: ['plain-loop-2'], run: () => plainLoop(2) },
  ...[1, 4, 16].map((workers) => ({
    names: ['denoiser-rows', `denoiser-rows-${workers}`],
    run: () => denoiserRows(workers),
  })),
];
