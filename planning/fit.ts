/**
 * A fit, planned: both networks, its prompts, and what determines it.
 */
import type { FitChoice, FitPlan, PlanFitRequest } from '../contract/fit-payloads.js';
import { objectiveAt } from '../contract/settled-k.js';
import { resolveSplit } from '../inference/prompts/prompt-sets.js';
import { requireFused } from '../diffusion/fused.js';
import { MATCH_NEEDS } from '../diffusion/match.js';
import { PTQD_NEEDS } from '../diffusion/ptqd.js';
import { schedulerOf } from '../diffusion/scheduler-of.js';
import { planNetwork } from './network.js';

/** Why a method refuses a scheduler that clips. */
export const FIT_NEEDS: Readonly<Record<FitChoice['method'], string>> = { ptqd: PTQD_NEEDS, match: MATCH_NEEDS };

/** @throws QschedError (usage): whatever of the spec does not fit the networks or the prompts here */
export function planFit({ spec, choice, quantised, reference }: PlanFitRequest): Omit<FitPlan, 'found'> {
  const { scheduler, objective, confirm } = spec;
  const scored = { scheduler, objective: objectiveAt(objective, undefined), beside: confirm.scorers, features: null };
  requireFused(schedulerOf(quantised, scheduler).schedule(), FIT_NEEDS[choice.method]);
  const own = planNetwork(quantised, scored).prepared;
  const full = planNetwork(reference, scored).prepared;
  const { split, texts } = resolveSplit(spec.prompts, 'prompts');
  const { sha256: prompts, seeds } = split;
  const inputs = { network: own.wire.network, reference: full.wire.network, schedule: own.schedule, prompts, seeds };
  const plan = { quantised: own, reference: full, split, texts };
  if (choice.method === 'match') return { ...plan, inputs: { method: choice.method, ...inputs }, older: null };
  const { gamma, bias } = choice;
  const older = { contexts: own.contexts, referenceContexts: full.contexts, scheduler, prompts, seeds };
  return { ...plan, inputs: { gamma, bias, ...inputs }, older: { gamma, bias, ...older } };
}
