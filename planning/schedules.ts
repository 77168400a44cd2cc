/**
 * Schedules of rows and fits, from a network's baseline.
 */
import type { PipelineChoice } from '../contract/pipeline-choice.js';
import { scaleFused, type CompleteSchedule } from '../contract/schedule-document.js';
import type { PtqdStepDocument } from '../contract/schedule-document.js';
import type { PreparedNetwork } from '../contract/prepared-network.js';
import type { Fitted, KeepFitRequest } from '../contract/fit-payloads.js';
import { fromWireSchedule, toWireSchedule, type WireSchedule } from '../contract/wire/schedule.js';
import { checkCoefficients, identityCoefficients } from '../diffusion/coefficients.js';
import { applyPtqd } from '../diffusion/ptqd.js';
import { scheduleDocument } from '../diffusion/schedule-document.js';
import { schedulerOf } from '../diffusion/scheduler-of.js';
import type { Coefficients } from '../contract/coefficients.js';

/**
 * The baseline with PTQD's correction inside, for a row's coefficients to scale.
 *
 * @throws QschedError (usage) if the coefficients or the correction have other steps or channels
 */
export function rowBaseline(
  { schedule }: Pick<PreparedNetwork, 'schedule'>,
  coefficients: Coefficients,
  ptqd?: readonly PtqdStepDocument[],
): WireSchedule {
  const fused = fromWireSchedule(schedule);
  checkCoefficients(coefficients, fused.steps.length);
  scaleFused(fused, coefficients);
  return ptqd === undefined ? schedule : toWireSchedule(applyPtqd(fused, ptqd));
}

/** The document of a fit. */
export function fitDocument(
  description: KeepFitRequest['description'],
  choice: PreparedNetwork['scheduler'],
  pipeline: PipelineChoice,
  { method, steps }: Fitted,
): CompleteSchedule {
  const { model, precision, schedulerConfig } = description;
  const origin = {
    kind: method,
    model,
    precision,
    ...(Object.keys(pipeline).length === 0 ? {} : { pipeline }),
    scheduler: { ...choice, config: schedulerConfig },
  };
  const scheduler = schedulerOf(description, choice);
  if (method === 'ptqd') return scheduleDocument(scheduler, origin, identityCoefficients(choice.steps), steps);
  const coefficients = { sample: steps.map(({ sample }) => sample), noise: steps.map(({ noise }) => noise) };
  const match = steps.map(({ before, after, fixed }) => ({ before, after, fixed }));
  return scheduleDocument(scheduler, { ...origin, match }, coefficients);
}
