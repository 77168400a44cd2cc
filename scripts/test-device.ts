/**
 * One search on a device, compared with the CPU: `npm run test:device -- --device webgpu [--model shapes] [--precision fp32]`.
 * Runs it once on the CPU and twice on the device, each in processes and a data folder of its own. Ends with 0 if the
 * scores agree within the tolerance, 1 if not, 2 if the device does not work here. docs/devices.md has what was measured.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { QschedError } from '../contract/errors.js';
import { packageRoot } from '../inference/models/model-roots.js';
import { assertProviderWorks } from '../inference/models/runtime-session.js';

/** Largest difference of a trial's score from the CPU's, as a share of the CPU's score. */
const TOLERANCE = 0.01;

interface Run {
  /** Whole search, with its server and worker. */
  readonly seconds: number;
  /** Of the worker, per image: sampling, decoding and scoring. */
  readonly secondsPerImage: number;
  /** Scores of the calibration trials, the same candidates in every run. */
  readonly scores: readonly number[];
  /** Raw terms of each image, by candidate, prompt and seed. */
  readonly images: ReadonlyMap<string, string>;
}

function searchOn(device: string, model: string, precision: string): Run {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-device-'));
  const main = join(packageRoot(), 'dist', 'cli', 'main.js');
  const search = ['search', '--model', model, '--precision', precision, '--optimizer', 'random', '--budget', '4'];
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const begin = performance.now();
  try {
    const { status, stderr } = spawnSync(
      process.execPath,
      [main, ...search, '--device', device, '--workers', '1', '--json'],
      { encoding: 'utf8', env: { ...env, QSCHED_DATA: folder }, maxBuffer: 2 ** 26 },
    );
    if (status !== 0) {
      throw new QschedError('failure', `The search on ${device} ended with ${status}: ${stderr.slice(-2000)}`);
    }
    return { seconds: (performance.now() - begin) / 1000, ...readRun(join(folder, 'qsched.db')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readRun(database: string): Omit<Run, 'seconds'> {
  const db = new Database(database, { readonly: true });
  try {
    const all = <T>(sql: string): T[] => db.prepare<[], T>(sql).all();
    const trials = all<{ score: number | null }>(
      "select score from trials where stage = 'calibration' order by number",
    );
    const images = all<{ key: string; terms: string }>(
      "select candidate_id || ' ' || prompt_id || ' ' || seed as key, terms from evaluations where status = 'ok'",
    );
    const [work] = all<{ seconds: number }>('select sum(seconds) as seconds from work');
    return {
      secondsPerImage: work!.seconds / images.length,
      scores: trials.map(({ score }) => score ?? NaN),
      images: new Map(images.map(({ key, terms }) => [key, terms])),
    };
  } finally {
    db.close();
  }
}

/** NaN where a trial failed in one of them, which is within no tolerance. */
const largestShare = (found: readonly number[], expected: readonly number[]): number =>
  Math.max(...expected.map((score, i) => Math.abs((found[i] ?? NaN) - score) / Math.abs(score)));

/** Images that both made, and how many of them have other terms. */
function compareImages({ images: one }: Run, { images: other }: Run): { both: number; differ: number } {
  const both = [...one.keys()].filter((key) => other.has(key));
  return { both: both.length, differ: both.filter((key) => one.get(key) !== other.get(key)).length };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      device: { type: 'string', default: 'cpu' },
      model: { type: 'string', default: 'shapes' },
      precision: { type: 'string', default: 'fp32' },
    },
  });
  const { device, model, precision } = values;
  try {
    await assertProviderWorks(device);
  } catch (error) {
    if (!(error instanceof QschedError)) throw error;
    process.stdout.write(`${device}: not run.\n${error.message}\n  ${error.hint}\n`);
    return 2;
  }
  const cpu = searchOn('cpu', model, precision);
  const first = searchOn(device, model, precision);
  const second = searchOn(device, model, precision);
  const apart = largestShare(first.scores, cpu.scores);
  const { both, differ } = compareImages(first, second);
  const pace = ({ seconds, secondsPerImage }: Run): string =>
    `${(1000 * secondsPerImage).toFixed(1)} ms per image, whole search ${seconds.toFixed(1)} s`;
  const lines = [
    `${model} ${precision}, ${cpu.scores.length} trials, one worker; ${new Date().toISOString().slice(0, 10)}`,
    `largest difference of a score on ${device} from the CPU's: ${(100 * apart).toFixed(4)} % (tolerance ${100 * TOLERANCE} %)`,
    `two processes on ${device}: ${both} images, ${differ === 0 ? 'equal bits' : `${differ} with other scores: no bit promise on this device`}`,
    `${device}: ${pace(first)}`,
    `cpu: ${pace(cpu)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return apart <= TOLERANCE && both > 0 ? 0 : 1;
}

process.exitCode = await main();
