/**
 * Fits (score queue), from what both networks answer on the same prompts and seeds: `fitPtqd`, PTQD's error model along
 * full-precision trajectories, and `fitMatch`, the coefficients that bring quantised trajectories nearest to them.
 */
import { z } from 'zod';
import { MatchedStep, PtqdStepDocument } from '../schedule-document.js';
import { WireNetwork, WirePair, WirePrompt } from './network.js';
import { WireSchedule } from './schedule.js';
import { WorkReport } from './score.js';
import { version } from './version.js';

const request = {
  version,
  quantised: WireNetwork,
  reference: WireNetwork,
  /** Without coefficients. */
  schedule: WireSchedule,
  prompts: z.array(WirePrompt).min(1),
  pairs: z.array(WirePair).min(1),
};

const result = {
  version,
  /** Trajectories that it was fitted on. */
  trajectories: z.number().int(),
};

export const FitPtqdRequest = z.strictObject({
  ...request,
  gamma: z.enum(['std', 'regression']),
  bias: z.enum(['step', 'channel']),
});
export type FitPtqdRequest = z.infer<typeof FitPtqdRequest>;

export const FitPtqdResult = WorkReport.extend({
  ...result,
  /** One per step. */
  fits: z.array(PtqdStepDocument),
});
export type FitPtqdResult = z.infer<typeof FitPtqdResult>;

export const FitMatchRequest = z.strictObject(request);
export type FitMatchRequest = z.infer<typeof FitMatchRequest>;

export const FitMatchResult = WorkReport.extend({
  ...result,
  /** One per step. */
  fits: z.array(MatchedStep),
});
export type FitMatchResult = z.infer<typeof FitMatchResult>;
