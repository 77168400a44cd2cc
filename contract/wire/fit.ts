/**
 * `fitPtqd` (score queue): PTQD's error model from the outputs of both networks along full-precision trajectories.
 */
import { z } from 'zod';
import { WireNetwork, WirePair, WirePrompt } from './network.js';
import { WireSchedule } from './schedule.js';
import { WorkReport } from './score.js';
import { version } from './version.js';

export const FitPtqdRequest = z.strictObject({
  version,
  quantised: WireNetwork,
  reference: WireNetwork,
  schedule: WireSchedule,
  prompts: z.array(WirePrompt).min(1),
  pairs: z.array(WirePair).min(1),
  gamma: z.enum(['std', 'regression']),
  bias: z.enum(['step', 'channel']),
});
export type FitPtqdRequest = z.infer<typeof FitPtqdRequest>;

export const FitPtqdResult = WorkReport.extend({
  version,
  /** One per step. */
  fits: z.array(
    z.strictObject({
      method: z.enum(['std', 'regression']),
      gamma: z.number(),
      mu: z.union([z.number(), z.array(z.number())]),
      variance: z.number(),
    }),
  ),
  /** Trajectories that it was fitted on. */
  trajectories: z.number().int(),
});
export type FitPtqdResult = z.infer<typeof FitPtqdResult>;
