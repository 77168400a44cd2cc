/**
 * Simulated gates: a reference and a candidate whose true difference is known.
 *
 * In units of the reference's seed-to-seed standard deviation, image s of prompt p scores h_p e_ps with the reference, and the
 * candidate's differs from it by d + h_p (b u_p + w v_ps). h is 1 but where prompts differ in how noisy they are; e, u and v have
 * mean 0, variance 1 and the distribution of the cell. Where the candidate has one seed, the reference has a second one.
 */
import { uniforms } from '../coverage.js';
import type { PointwiseSamples } from '../../metrics/gate/gate-samples.js';
import { PILOT_PROMPTS } from '../../metrics/gate/gate-plan.js';
import { judgeLook } from '../../metrics/gate/judge-look.js';
import { planGate } from '../../metrics/gate/plan-gate.js';
import { createResamples } from '../../metrics/gate/resamples.js';
import { mean } from '../../metrics/statistics/statistics.js';

const { cos, exp, log, PI, sqrt } = Math;

type Uniform = () => number;
const normal = (uniform: Uniform): number => sqrt(-2 * log(uniform())) * cos(2 * PI * uniform());

/** What is said of the noise, each with mean 0 and variance 1. */
const SHAPES = {
  normal: { noise: normal, uneven: 0 },
  /** Exponential: most prompts gain a little, a few lose much. */
  losses: { noise: (uniform: Uniform) => log(uniform()) + 1, uneven: 0 },
  /** Its mirror image. */
  gains: { noise: (uniform: Uniform) => -log(uniform()) - 1, uneven: 0 },
  /** Student's t with 5 degrees of freedom: kurtosis 9. */
  heavy: {
    noise: (uniform: Uniform) => {
      const chiSquared = -2 * log(uniform() * uniform()) + normal(uniform) ** 2;
      return normal(uniform) / sqrt(chiSquared / 3);
    },
    uneven: 0,
  },
  /** Heteroscedastic: the noise of prompts is lognormal, that of one in six above 1.6 times the median. */
  uneven: { noise: normal, uneven: 0.5 },
} as const;

/** Standard deviation of the difference over prompts, and over the seeds of a prompt. */
const [BETWEEN, WITHIN] = [0.12, 0.2];
const MARGIN = 0.1;
/** Prompts that there are: more than any gate takes. */
const MOST = 5000;

export interface GateCell {
  readonly shape: keyof typeof SHAPES;
  readonly seedsPerPrompt: 1 | 3;
  /** 4, or 1 for a test at the end only. */
  readonly looks: 1 | 4;
}

/** Where the candidate truly is, and its difference. */
const TRUTHS = { margin: -MARGIN, design: 0 } as const;
export type Truth = keyof typeof TRUTHS;

/** Sums over gates. */
export interface GateCounts {
  readonly gates: number;
  readonly passed: number;
  readonly failed: number;
  readonly prompts: number;
  /** Gates that pass where the candidate's difference on one prompt is above the margin. */
  readonly onePrompt: number;
}

/** All cells, those with few prompts first. */
export const GATE_CELLS: readonly GateCell[] = ([3, 1] as const).flatMap((seedsPerPrompt) =>
  ([1, 4] as const).flatMap((looks) =>
    (Object.keys(SHAPES) as GateCell['shape'][]).map((shape) => ({ shape, seedsPerPrompt, looks })),
  ),
);

/**
 * @param seed seed of the scores and of the resamples
 */
export function simulateGates(
  { shape, seedsPerPrompt, looks }: GateCell,
  truth: Truth,
  gates: number,
  resamples: number,
  seed: number,
): GateCounts {
  const uniform = uniforms(seed);
  const { noise, uneven } = SHAPES[shape];
  const indices = createResamples(resamples, seed);
  const addTo = (reference: number[][], candidate: number[][]): void => {
    const h = uneven === 0 ? 1 : exp(uneven * normal(uniform) - uneven * uneven);
    const shift = TRUTHS[truth] + h * BETWEEN * noise(uniform);
    const own = Array.from({ length: Math.max(2, seedsPerPrompt) }, () => h * noise(uniform));
    reference.push(own);
    candidate.push(own.slice(0, seedsPerPrompt).map((value) => value + shift + h * WITHIN * noise(uniform)));
  };
  const counts = { gates, passed: 0, failed: 0, prompts: 0, onePrompt: 0 };
  for (let gate = 0; gate < gates; gate += 1) {
    const [reference, candidate]: [number[][], number[][]] = [[], []];
    const samples: PointwiseSamples[] = [
      { kind: 'pointwise', name: 'score', margin: { spread: MARGIN }, reference, candidate },
    ];
    const upTo = (prompts: number): void => {
      while (reference.length < prompts) addTo(reference, candidate);
    };
    upTo(PILOT_PROMPTS);
    let plan = planGate(samples, { most: MOST, looks, resamples, seed }, indices);
    for (let look = 0; ; look += 1) {
      upTo(plan.looks[look]!);
      const judged = judgeLook(samples, look, plan, indices);
      plan = judged.plan;
      if (judged.verdict === 'continue') continue;
      if (judged.verdict === 'passed') counts.passed += 1;
      if (judged.verdict === 'failed') counts.failed += 1;
      counts.prompts += judged.prompts;
      break;
    }
    if (mean(candidate[0]!.map((value, s) => value - reference[0]![s]!)) > -MARGIN) counts.onePrompt += 1;
  }
  return counts;
}
