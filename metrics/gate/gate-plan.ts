/** How many prompts a gate takes, and when it looks; and what it concluded at a look. Both are plain JSON. */
import type { Look } from './boundaries.js';
import { QschedError } from '../../contract/errors.js';
import { MINIMUM_PROMPTS } from '../statistics/bootstrap.js';

/** Prompts of the pilot where there are as many: with fewer, the spread is too uncertain to plan with. */
export const PILOT_PROMPTS = 32;

/** Of the level, what the looks share. The rest is for what choosing the number of prompts from the same prompts costs. */
const SHARED = 0.65;

const ALPHA = 0.025;

export interface GateOptions {
  /** One-sided level of passing, and of failing: how often that may happen to a candidate at its margin; 0.025 by default. */
  readonly alpha?: number;
  /** Probability with which a candidate at the design point passes; 0.9 by default. */
  readonly power?: number;
  /** Looks that are planned, that at the pilot included; 4 by default. A plan that grows may have one more. 1: the only test is at the end. */
  readonly looks?: number;
  /** Prompts that there are: no plan has more. */
  readonly most: number;
  /** Resamples of the bootstrap; 1,000 by default. */
  readonly resamples?: number;
  /** Seed of the resampling; 0 by default. */
  readonly seed?: number;
}

export interface GatePlan {
  readonly options: Required<GateOptions>;
  /** Prompts at the last look. */
  readonly prompts: number;
  /** Prompts at every look, those that were taken included. */
  readonly looks: readonly number[];
  /** Looks that were judged. */
  readonly taken: readonly Look[];
  /** Probability with which a candidate at the design point passes with these prompts. */
  readonly power: number;
  /** Prompts that the power asks for; more than `prompts` where there are not so many, null beyond a million. */
  readonly wanted: number | null;
}

/** One score at a look. */
export interface JudgedScore {
  readonly name: string;
  readonly kind: 'pointwise' | 'pairwise';
  /** Mean over prompts: candidate minus reference, or of the pairs. */
  readonly estimate: number;
  /** One-sided bounds at the levels of this look, the margin's own uncertainty included; null where this look tests nothing. */
  readonly low: number | null;
  readonly high: number | null;
  /** What has to be below `low`: minus the margin of a pointwise score. */
  readonly floor: number;
  /** The reference's seed-to-seed standard deviation; null where the margin is absolute. */
  readonly spread: number | null;
  readonly state: 'above' | 'below' | 'open';
  /** Prompts with which this score alone would be decided if it went on like this; null beyond a million. */
  readonly prompts: number | null;
}

export interface Judgement {
  readonly verdict: 'passed' | 'failed' | 'undecided' | 'continue';
  readonly prompts: number;
  readonly scores: readonly JudgedScore[];
  /** Prompts with which the verdict would probably be given if the scores went on like this; null beyond a million. */
  readonly promptsToDecide: number | null;
  /** The plan of what follows: its number of prompts is renewed from what was seen of the spread, never of the means. */
  readonly plan: GatePlan;
}

/** The level that all looks share. bench/gate-error.ts simulates what is left of the full one. */
export const sharedLevel = ({ alpha }: Required<GateOptions>): number => SHARED * alpha;

/**
 * The options with their defaults.
 *
 * @throws QschedError (usage) for one that is out of range
 */
export function settleOptions(options: GateOptions): Required<GateOptions> {
  const settled = { alpha: ALPHA, power: 0.9, looks: 4, resamples: 1000, seed: 0, ...options };
  const within = (name: 'alpha' | 'power', low: number, high: number, example: string): void => {
    if (settled[name] >= low && settled[name] <= high) return;
    throw new QschedError(
      'usage',
      `The ${name} of the gate is ${settled[name]}; it must lie between ${low} and ${high}.`,
      `Use ${example}.`,
    );
  };
  const whole = (name: 'looks' | 'resamples' | 'seed', low: number, high: number, example: string): void => {
    if (Number.isSafeInteger(settled[name]) && settled[name] >= low && settled[name] <= high) return;
    throw new QschedError(
      'usage',
      `The ${name} of the gate is ${settled[name]}; it must be a whole number from ${low} to ${high}.`,
      `Use ${example}.`,
    );
  };
  within('alpha', 0.001, 0.2, '0.025');
  within('power', 0.5, 0.99, '0.9');
  whole('looks', 1, 10, '4');
  whole('resamples', 200, 100_000, '1000');
  whole('seed', 0, Number.MAX_SAFE_INTEGER, '0');
  if (!(settled.most >= MINIMUM_PROMPTS)) {
    throw new QschedError(
      'usage',
      `The gate has ${settled.most} prompts; a verdict needs at least ${MINIMUM_PROMPTS}.`,
      `Give ${MINIMUM_PROMPTS} prompts or more.`,
    );
  }
  return settled;
}
