/**
 * How often the intervals of repair, and of its share of the gain, cover the truth in simulated verdicts.
 *
 *   npx tsx bench/repair-coverage.ts [verdicts] [resamples]     (defaults: 1250 per seed, and 1000)
 *
 * A prompt's gain on a network is its mean plus 1 standard deviation of noise, of which both networks share half the
 * variance. The cells differ in where the full-precision gain lies: repair has a kink where it is 0. Everything has fixed
 * seeds: the same command gives the same numbers on any machine. The default run takes about 10 minutes on one core, and
 * writes bench/repair-coverage.json row by row.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { repairOf, shareOf } from '../metrics/statistics/repair.js';
import { DISTRIBUTIONS, uniforms } from './coverage.js';
import { result, type BenchResult } from './results.js';

/** Mean gains of both networks, in standard deviations of a prompt's gain. */
const SPLITS = {
  /** Far from the kink: full precision gains a third. */
  'a third is tuning': { gain: 1.5, full: 0.5 },
  /** Full precision gains as much. */
  'no repair': { gain: 1, full: 1 },
  /** Full precision gains nothing: the kink itself. */
  'at the kink': { gain: 1, full: 0 },
  /** Within a standard error of it, with 40 prompts and with 128. */
  'above the kink': { gain: 1, full: 0.1 },
  'below the kink': { gain: 1, full: -0.1 },
  /** Full precision loses: everything is repair. */
  'only repair': { gain: 1, full: -1 },
} as const;

const SHARED = Math.sqrt(0.5);
const SEEDS = [1, 2, 3, 4];
/** Minimum and maximum coverage. */
export const BAND = [0.93, 0.97] as const;
const FILE = new URL('repair-coverage.json', import.meta.url);

/** One cell of the simulation. */
interface RepairCase {
  readonly split: keyof typeof SPLITS;
  readonly distribution: 'normal' | 'skewed';
  readonly prompts: number;
}

/** Shares of verdicts whose 95 % intervals cover the truth. */
interface RepairCoverage {
  readonly repair: number;
  readonly share: number;
}

/** A cell over all its seeds, and whether it is within the limits. */
export interface RepairRow extends RepairCase, RepairCoverage {
  readonly verdicts: number;
  readonly holds: boolean;
}

export const REPAIR_CASES: readonly RepairCase[] = [40, 128].flatMap((prompts) =>
  (['normal', 'skewed'] as const).flatMap((distribution) =>
    (Object.keys(SPLITS) as RepairCase['split'][]).map((split) => ({ split, distribution, prompts })),
  ),
);

/**
 * Simulates verdicts.
 *
 * @param seed seed of the gains and of the resamples
 */
export function simulateRepair(one: RepairCase, verdicts: number, resamples: number, seed: number): RepairCoverage {
  const uniform = uniforms(seed);
  const draw = DISTRIBUTIONS[one.distribution];
  const { gain, full } = SPLITS[one.split];
  const repair = gain - Math.max(0, full);
  let repaired = 0;
  let shared = 0;
  for (let verdict = 0; verdict < verdicts; verdict++) {
    const [g, f]: [number[], number[]] = [[], []];
    for (let p = 0; p < one.prompts; p++) {
      const both = draw(uniform);
      g.push(gain + SHARED * (both + draw(uniform)));
      f.push(full + SHARED * (both + draw(uniform)));
    }
    const { low, high } = repairOf(g, f, resamples, seed * 2 ** 20 + verdict);
    if (low <= repair && repair <= high) repaired++;
    const share = shareOf(g, f);
    if ((share.low ?? -Infinity) <= repair / gain && repair / gain <= (share.high ?? 1)) shared++;
  }
  return { repair: repaired / verdicts, share: shared / verdicts };
}

function rowOf(one: RepairCase, verdicts: number, resamples: number): RepairRow {
  const bySeed = SEEDS.map((seed) => simulateRepair(one, verdicts, resamples, seed));
  const over = (of: (got: RepairCoverage) => number): number =>
    bySeed.reduce((sum, got) => sum + of(got), 0) / SEEDS.length;
  const repair = over((got) => got.repair);
  return {
    ...one,
    verdicts: verdicts * SEEDS.length,
    repair,
    share: over((got) => got.share),
    holds: repair >= BAND[0] && repair <= BAND[1],
  };
}

/** @param onRow told of every row with all rows so far */
function simulate(verdicts: number, resamples: number, onRow: (rows: readonly RepairRow[]) => void): RepairRow[] {
  const rows: RepairRow[] = [];
  for (const one of REPAIR_CASES) {
    rows.push(rowOf(one, verdicts, resamples));
    onRow(rows);
  }
  return rows;
}

/** The lowest and the highest coverage over all cells. */
function measure(): BenchResult[] {
  const coverage = simulate(1250, 1000, () => undefined).map(({ repair }) => repair);
  const about = { unit: 'share', measure: 'ours' } as const;
  const title = `coverage of repair's 95 % interval, the %s of ${REPAIR_CASES.length} simulated cells`;
  return [
    result({
      ...about,
      name: 'repair-coverage-lowest',
      title: title.replace('%s', 'lowest'),
      ours: Math.min(...coverage),
      better: 'higher',
      target: BAND[0],
    }),
    result({
      ...about,
      name: 'repair-coverage-highest',
      title: title.replace('%s', 'highest'),
      ours: Math.max(...coverage),
      better: 'lower',
      target: BAND[1],
    }),
  ];
}

export const repairBenches = [
  { names: ['repair-coverage-lowest', 'repair-coverage-highest', 'repair-coverage'], run: async () => measure() },
];

function main(): void {
  const verdicts = Number(process.argv[2] ?? 1250);
  const resamples = Number(process.argv[3] ?? 1000);
  console.log('split              gains    prompts  verdicts  repair  share   limits of repair');
  simulate(verdicts, resamples, (rows) => {
    const { split, distribution, prompts, verdicts: all, repair, share, holds } = rows.at(-1)!;
    const cells = [split.padEnd(17), distribution.padEnd(7), String(prompts).padStart(7), String(all).padStart(8)];
    console.log(
      [...cells, repair.toFixed(4), share.toFixed(4), `${BAND.join(' to ')} ${holds ? 'holds' : 'MISSED'}`].join('  '),
    );
    if (process.argv.length > 2) return;
    const document = { verdictsPerSeed: verdicts, seeds: SEEDS, resamples, band: BAND, rows };
    writeFileSync(FILE, `${JSON.stringify(document, null, 2)}\n`);
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
