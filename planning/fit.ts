/**
 * A PTQD fit, planned: both networks, its prompts, and what determines it.
 */
import type { FitPlan, PlanFitRequest } from '../contract/study-payloads.js';
import { resolveSplit } from '../inference/prompts/prompt-sets.js';
import { requireFused } from '../diffusion/fused.js';
import { PTQD_NEEDS } from '../diffusion/ptqd.js';
import { schedulerOf } from '../diffusion/scheduler-of.js';
import { planNetwork } from './network.js';

/** @throws QschedError (usage): whatever of the spec does not fit the networks or the prompts here */
export function planFit({ spec, gamma, bias, quantised, reference }: PlanFitRequest): Omit<FitPlan, 'found'> {
  const { scheduler, objective, confirm } = spec;
  const choice = { scheduler, objective, beside: confirm.scorers, features: null };
  requireFused(schedulerOf(quantised, scheduler).schedule(), PTQD_NEEDS);
  const own = planNetwork(quantised, choice).prepared;
  const full = planNetwork(reference, choice).prepared;
  const { split, texts } = resolveSplit(spec.prompts, 'prompts');
  const { sha256: prompts, seeds } = split;
  const { network } = own.wire;
  return {
    quantised: own,
    reference: full,
    split,
    texts,
    inputs: { gamma, bias, network, reference: full.wire.network, schedule: own.schedule, prompts, seeds },
    older: { gamma, bias, contexts: own.contexts, referenceContexts: full.contexts, scheduler, prompts, seeds },
  };
}
