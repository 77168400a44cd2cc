/**
 * What a person changes about a search while it runs. What changes candidates is stored as a row with its place in the
 * order, before it takes effect, so that a search which is rebuilt from the database asks for the same candidates.
 */
import { z } from 'zod';
import type { Coefficients } from './coefficients.js';

/**
 * What was left of a generation that a stop cut short: the trials that had all their images, or, where it was raced, the
 * pairs that the race had reached.
 */
export type Cut = { readonly trials: readonly number[] } | { readonly reached: number };

/** One change, as it is stored. */
export type SteeringStep =
  /** No further candidates: the best of those scored proceeds to the verdict. A later extension makes it void. */
  | { readonly kind: 'stop'; readonly cut: Cut | null }
  /** A larger budget, in candidates besides the baseline. */
  | { readonly kind: 'extend'; readonly from: number; readonly to: number }
  /** A candidate in the search's own parameters. It takes a place of the budget, in front of the optimizer's next. */
  | { readonly kind: 'enqueue'; readonly point: readonly number[] };

/** A change with its place: `after` counts the candidates told by then, and is null until the change takes effect. */
export type SteeringRow = SteeringStep & { readonly sequence: number; readonly after: number | null };

/** The stored changes of a search, and the number of candidates that it had asked for by then. */
export interface StoredSteering {
  readonly rows: readonly SteeringRow[];
  readonly asked: number;
}

/** Stores a change, before it takes effect. Safe to repeat: the sequence identifies it. */
export interface SteerRequest {
  readonly searchId: string;
  readonly sequence: number;
  readonly step: SteeringStep;
}

/** Stores where changes take effect. */
export interface SettleSteeringRequest {
  readonly searchId: string;
  readonly sequences: readonly number[];
  readonly after: number;
  /** Of a stop that cuts a generation short. */
  readonly cut?: Cut;
}

/** Lowest and highest priority key of Temporal: 1 is served first. */
export const [FIRST_PRIORITY, LAST_PRIORITY] = [1, 5];

const budget = z.number('must be a whole number').int('must be a whole number').min(1).max(1_000_000);

/** The input of the update `extend`: `64`, or `{"budget": 64}`. */
export const ExtendInput = z.union([budget, z.strictObject({ budget }).transform((given) => given.budget)]);

const finite = z.array(z.number());

/**
 * The input of the update `enqueue`: the numbers that the search varies, or the coefficients of every step, which must then
 * have the search's shape.
 */
export const EnqueueInput = z.union([
  z.strictObject({ coefficients: z.object({ sample: finite, noise: finite }) }),
  z.strictObject({ sample: finite.default([]), noise: finite.default([]) }),
]);

/** The best candidate so far: the answer to the query `best`. Null until a candidate has all its images. */
export interface BestSoFar {
  readonly trial: number;
  readonly score: number;
  /** Score minus the baseline's, on the calibration prompts: biased upwards, since these prompts chose it. */
  readonly gain: number;
  readonly identity: number;
  readonly coefficients: Coefficients;
}

/** A candidate with its score: part of the answer to the query `surface`. */
export interface SurfacePoint {
  readonly trial: number;
  /** In the search's own parameters. */
  readonly point: readonly number[];
  /** Null: failed. */
  readonly score: number | null;
  /** Share of the (prompt, seed) pairs that the score rests on: below 1 it was dropped in a race. */
  readonly share: number;
}

/** The answer to the query `surface`: the latest candidates, at most 1,000; the database has them all. */
export interface SurfaceSoFar {
  /** Names of the numbers of a point, for example `sample.start`. */
  readonly names: readonly string[];
  readonly identity: number | null;
  readonly points: readonly SurfacePoint[];
}
