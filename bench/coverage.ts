/**
 * How often the bootstrap's intervals cover the truth, by simulated searches whose true
 * gain is 0, and how often a verdict then says falsely that calibration helps.
 *
 *   npx tsx bench/coverage.ts [searches] [resamples]     (10000 and 1000 where left out)
 *
 * A difference is a prompt's effect plus, a seed, noise of the same spread and kind.
 */
import { pathToFileURL } from 'node:url';
import { pairedBootstrap } from '../metrics/bootstrap.js';
import { philox4x32 } from '../spec/philox.js';

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
  /** Shares of searches whose 95 % interval holds the truth. */
  readonly percentile: number;
  readonly studentised: number;
  /** Share of searches with both lower ends above 0, though there is no gain. */
  readonly falseHelps: number;
}

/** Uniform numbers within (0, 1), of a counter-based stream. */
function uniforms(seed: number): () => number {
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
 * @param searches how many
 * @param resamples of each bootstrap
 * @param seed of differences and draws
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

function main(): void {
  const searches = Number(process.argv[2] ?? 10_000);
  const resamples = Number(process.argv[3] ?? 1_000);
  console.log(`${searches} searches without a gain, ${resamples} resamples each`);
  console.log('differences  prompts  seeds  percentile  studentised  false helps');
  for (const distribution of Object.keys(DISTRIBUTIONS) as (keyof typeof DISTRIBUTIONS)[]) {
    for (const prompts of [20, 32, 64, 128, 256]) {
      for (const seedsPerPrompt of [1, 3]) {
        const got = simulateCoverage({ distribution, prompts, seedsPerPrompt }, searches, resamples, 1);
        const columns = [distribution.padEnd(11), String(prompts).padStart(7), String(seedsPerPrompt).padStart(5), got.percentile.toFixed(4).padStart(10), got.studentised.toFixed(4).padStart(11), got.falseHelps.toFixed(4).padStart(11)];
        console.log(columns.join('  '));
      }
    }
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
