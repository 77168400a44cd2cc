/**
 * How often the bootstrap intervals cover the truth in simulated searches whose true gain is 0, and how often the verdict
 * of such a search is a false positive.
 *
 *   npx tsx bench/coverage.ts [searches] [resamples]     (defaults: 10000 and 1000)
 *
 * A difference is the effect of its prompt plus, per seed, noise with the same spread and distribution. Searches and
 * resamples have fixed seeds: the same command gives the same numbers on any machine. The default run takes about 15 minutes
 * on one core, and writes bench/coverage.json row by row.
 *
 * With 10,000 searches the standard error of a share of 3 % is 0.17 %. Cases below 128 prompts, whose false-positive rate
 * is that close to its limit, are simulated with four seeds.
 *
 * A verdict uses 10,000 resamples. With 1,000 the quantiles lie slightly further inside: the nominal coverage of a 95 %
 * interval is 0.95 * 999 / 1001 = 0.948.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { pairedBootstrap } from '../metrics/statistics/bootstrap.js';
import { philox4x32 } from '../contract/philox.js';

/** Shapes of the differences, each with mean 0. */
export const DISTRIBUTIONS = {
  /** Standard normal. */
  normal: (uniform: () => number) => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  /** Exponential minus its mean: skewness 2. */
  skewed: (uniform: () => number) => -Math.log(uniform()) - 1,
  /** Student's t with 5 degrees of freedom: kurtosis 9. */
  heavy: (uniform: () => number) => {
    const chiSquared = -2 * Math.log(uniform() * uniform()) + DISTRIBUTIONS.normal(uniform) ** 2;
    return DISTRIBUTIONS.normal(uniform) / Math.sqrt(chiSquared / 5);
  },
} as const;

export interface CoverageCase {
  readonly distribution: keyof typeof DISTRIBUTIONS;
  readonly prompts: number;
  readonly seedsPerPrompt: number;
}

export interface Coverage {
  /** Shares of searches whose 95 % interval covers the truth. */
  readonly percentile: number;
  readonly studentised: number;
  /** Share of searches with both lower ends above 0 although there is no gain. */
  readonly falseHelps: number;
}

/** Uniform numbers in (0, 1) from a counter-based stream. */
export function uniforms(seed: number): () => number {
  const key = new Uint32Array([seed, 0x636f7672]);
  const counter = new Uint32Array(4);
  const words = new Uint32Array(4);
  let at = 4;
  return () => {
    if (at === 4) {
      philox4x32(counter, key, words);
      counter[0] = counter[0]! + 1;
      if (counter[0] === 0) counter[1] = counter[1]! + 1;
      at = 0;
    }
    return (words[at++]! + 0.5) / 2 ** 32;
  };
}

/**
 * Simulates searches whose true gain is 0.
 *
 * @param searches number of searches
 * @param resamples resamples per bootstrap
 * @param seed seed of the differences and of the resamples
 */
export function simulateCoverage(one: CoverageCase, searches: number, resamples: number, seed: number): Coverage {
  const uniform = uniforms(seed);
  const draw = DISTRIBUTIONS[one.distribution];
  let percentile = 0;
  let studentised = 0;
  let falseHelps = 0;
  for (let search = 0; search < searches; search++) {
    const clusters = Array.from({ length: one.prompts }, () => {
      const effect = draw(uniform);
      return Array.from({ length: one.seedsPerPrompt }, () => effect + draw(uniform));
    });
    const result = pairedBootstrap(clusters, { seed: seed * 2 ** 20 + search, resamples });
    if (result.percentile.low <= 0 && result.percentile.high >= 0) percentile++;
    if (result.studentised.low <= 0 && result.studentised.high >= 0) studentised++;
    if (result.percentile.low > 0 && result.studentised.low > 0) falseHelps++;
  }
  return { percentile: percentile / searches, studentised: studentised / searches, falseHelps: falseHelps / searches };
}

/** A case with its coverage over all its seeds, and whether that is within the limits. */
export interface CoverageRow extends CoverageCase, Coverage {
  /** Over all seeds. */
  readonly searches: number;
  readonly bySeed: readonly ({ readonly seed: number } & Coverage)[];
  /** Minimum and maximum coverage of the studentised interval: 93 to 97 % below 128 prompts, else 94 to 96 %. */
  readonly band: readonly [number, number];
  readonly holds: boolean;
}

/** Maximum false-positive rate. */
const MAX_FALSE_HELPS = 0.03;
const FILE = new URL('coverage.json', import.meta.url);

/** The cases, quick ones first. */
export const CASES: readonly CoverageCase[] = [20, 32, 64, 128, 256].flatMap((prompts) =>
  (Object.keys(DISTRIBUTIONS) as (keyof typeof DISTRIBUTIONS)[]).flatMap((distribution) =>
    [1, 3].map((seedsPerPrompt) => ({ distribution, prompts, seedsPerPrompt })),
  ),
);

/** Simulates a case with each of its seeds, and compares the mean with the limits. */
export function coverageRow(one: CoverageCase, searches: number, resamples: number): CoverageRow {
  const bySeed = (one.prompts < 128 ? [1, 2, 3, 4] : [1]).map((seed) => ({
    seed,
    ...simulateCoverage(one, searches, resamples, seed),
  }));
  const over = (share: (got: Coverage) => number): number =>
    bySeed.reduce((sum, got) => sum + share(got), 0) / bySeed.length;
  const got = {
    percentile: over(({ percentile }) => percentile),
    studentised: over(({ studentised }) => studentised),
    falseHelps: over(({ falseHelps }) => falseHelps),
  };
  const band = one.prompts < 128 ? ([0.93, 0.97] as const) : ([0.94, 0.96] as const);
  const holds = got.studentised >= band[0] && got.studentised <= band[1] && got.falseHelps <= MAX_FALSE_HELPS;
  return { ...one, searches: searches * bySeed.length, ...got, bySeed, band, holds };
}

function main(): void {
  const searches = Number(process.argv[2] ?? 10_000);
  const resamples = Number(process.argv[3] ?? 1_000);
  console.log(
    `searches without a gain, ${resamples} resamples each; least and most are the false-positive rates of single seeds, ${searches} searches each`,
  );
  console.log('differences  prompts  seeds  searches  percentile  studentised  false pos.   least   most    limits');
  const rows: CoverageRow[] = [];
  for (const one of CASES) {
    const row = coverageRow(one, searches, resamples);
    rows.push(row);
    const shares = [row.percentile, row.studentised, row.falseHelps].map((share, i) =>
      share.toFixed(4).padStart([10, 11, 11][i]!),
    );
    const single = row.bySeed.map(({ falseHelps }) => falseHelps);
    console.log(
      [
        one.distribution.padEnd(11),
        String(one.prompts).padStart(7),
        String(one.seedsPerPrompt).padStart(5),
        String(row.searches).padStart(8),
        ...shares,
        Math.min(...single).toFixed(4),
        Math.max(...single).toFixed(4),
        `${row.band.join(' to ')} ${row.holds ? 'holds' : 'MISSED'}`,
      ].join('  '),
    );
    if (process.argv.length <= 2) {
      writeFileSync(
        FILE,
        `${JSON.stringify({ searchesPerSeed: searches, resamples, falseHelpsAtMost: MAX_FALSE_HELPS, rows }, null, 2)}\n`,
      );
    }
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
