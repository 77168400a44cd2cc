/**
 * Repair and tuning: how much of a gain corrects quantisation, and how much of it the full-precision network has as well,
 * with the same coefficients on the same prompts and seeds.
 *
 *   repair = g - max(0, f) = min(g, g - f),   share = repair / g = min(1, 1 - f / g)
 *
 * with g the mean gain of the quantised network and f that of the full-precision one. Repair is the smaller of two means,
 * with a kink where f is 0: there the bootstrap of the smaller one itself is inconsistent (Andrews 2000; Fang and Santos
 * 2019). Each of the two means has the interval of a gain, from the same resamples of the prompts, and repair's interval is
 * end by end the smaller one: [min(low_1, low_2), min(high_1, high_2)]. It misses upwards if both low ends do, downwards if
 * one of the high ends does: at the kink together as often as a single interval misses, far from it as the interval of the
 * smaller mean, and in between less often. bench/repair-coverage.ts simulates it.
 *
 * The interval of f / g is Fieller's (1954): all r for which the mean of f_p - r g_p over the prompts p is not proven to
 * differ from 0. It is bounded exactly if g itself is proven to differ from 0.
 */
import type { Estimate, RepairSplit } from '../../contract/search-result.js';
import { pairedBootstrap, type Interval } from './bootstrap.js';
import { pairedGain, promptGains, RESAMPLES, widest, type Clusters } from './paired-gain.js';
import { mean } from './statistics.js';
import { studentQuantile } from './student.js';

const { min, sqrt } = Math;

/** Nominal coverage of the interval of a share. */
const LEVEL = 0.95;

/** Scores of one network, prompts x seeds: the baseline's, and the finalist's. */
export interface NetworkScores {
  readonly baseline: Clusters;
  readonly finalist: Clusters;
}

/**
 * The gain of a finalist, split.
 *
 * @param full scores of the full-precision network on the same prompts and seeds, in the same order
 * @throws QschedError (failure) for fewer than two prompts, or a score that is not finite
 */
export function splitGain(scorer: string, quantised: NetworkScores, full: NetworkScores): RepairSplit {
  const [own, other] = [quantised, full].map(({ baseline, finalist }) => pairedGain(scorer, baseline, finalist).gain);
  const [g, f] = [quantised, full].map(({ baseline, finalist }) => promptGains(baseline, finalist));
  return {
    scorer,
    prompts: own!.prompts,
    gain: { value: own!.gain, low: own!.low, high: own!.high },
    full: { value: other!.gain, low: other!.low, high: other!.high },
    repair: repairOf(g!, f!),
    share: own!.low > 0 ? shareOf(g!, f!) : null,
  };
}

/**
 * Repair with its 95 % interval.
 *
 * @param g gains of the quantised network, one per prompt
 * @param f gains of the full-precision network, of the same prompts
 * @param seed of the resampling
 */
export function repairOf(g: readonly number[], f: readonly number[], resamples = RESAMPLES, seed = 0): Estimate {
  const beyond = g.map((gain, p) => gain - f[p]!);
  const [own, above] = [g, beyond].map((gains) => {
    const clusters = gains.map((gain) => [gain]);
    const result = pairedBootstrap(clusters, { resamples, seed });
    return { mean: result.mean, ...widest(result) };
  });
  return {
    value: min(own!.mean, above!.mean),
    low: min(own!.low, above!.low),
    high: min(own!.high, above!.high),
  };
}

/** The share of repair in a gain above 0, at most 1, with its interval; parameters as those of `repairOf`. */
export function shareOf(g: readonly number[], f: readonly number[]): NonNullable<RepairSplit['share']> {
  const ratio = fieller(f, g);
  const share = (r: number): number => min(1, 1 - r);
  const interval = ratio === null ? { low: null, high: null } : { low: share(ratio.high), high: share(ratio.low) };
  return { value: share(mean(f) / mean(g)), ...interval };
}

/** The interval of mean(x) / mean(y), paired; null where it is unbounded. */
function fieller(x: readonly number[], y: readonly number[]): Interval | null {
  const n = x.length;
  const [mx, my] = [mean(x), mean(y)];
  const covariance = (a: readonly number[], ma: number, b: readonly number[], mb: number): number =>
    a.reduce((sum, value, p) => sum + (value - ma) * (b[p]! - mb), 0) / (n - 1) / n;
  const t2 = studentQuantile(LEVEL, n - 1) ** 2;
  // (mx - r my)^2 <= t^2 (vxx - 2 r vxy + r^2 vyy)
  const a = my * my - t2 * covariance(y, my, y, my);
  const b = mx * my - t2 * covariance(x, mx, y, my);
  const c = mx * mx - t2 * covariance(x, mx, x, mx);
  if (!(a > 0)) return null;
  const root = sqrt(Math.max(0, b * b - a * c));
  return { low: (b - root) / a, high: (b + root) / a };
}
