/**
 * Schedules of rows and fits, from a network's baseline.
 */
import type { PipelineChoice } from '../contract/pipeline-choice.js';
import { scaleFused, type CompleteSchedule } from '../contract/schedule-document.js';
import type { PtqdStepDocument } from '../contract/schedule-document.js';
import type { PreparedNetwork } from '../contract/prepared-network.js';
import type { KeepFitRequest } from '../contract/study-payloads.js';
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

/** The document of a PTQD fit. */
export function fitDocument(
  description: KeepFitRequest['description'],
  choice: PreparedNetwork['scheduler'],
  pipeline: PipelineChoice,
  fits: readonly PtqdStepDocument[],
): CompleteSchedule {
  const { model, precision, schedulerConfig } = description;
  const origin = {
    kind: 'ptqd' as const,
    model,
    precision,
    ...(Object.keys(pipeline).length === 0 ? {} : { pipeline }),
    scheduler: { ...choice, config: schedulerConfig },
  };
  return scheduleDocument(schedulerOf(description, choice), origin, identityCoefficients(choice.steps), fits);
}
