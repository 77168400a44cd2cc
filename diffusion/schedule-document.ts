/**
 * A scheduler with coefficients, and perhaps PTQD's correction, as a `qsched-schedule/1` document.
 */
import type { Coefficients } from '../contract/coefficients.js';
import { QschedError } from '../contract/errors.js';
import {
  scaleFused,
  SCHEDULE_FORMAT,
  type CompleteSchedule,
  type FusedDocument,
  type ScheduleDocument,
} from '../contract/schedule-document.js';
import { checkCoefficients, identityCoefficients } from './coefficients.js';
import { applyPtqd, type PtqdStep } from './ptqd.js';
import type { Scheduler } from './scheduler.js';

/** The fields of a document beside its steps. */
export type ScheduleOrigin = Pick<ScheduleDocument, 'kind' | 'scheduler'> &
  Partial<
    Pick<
      ScheduleDocument,
      'model' | 'precision' | 'pipeline' | 'searchId' | 'which' | 'match' | 'heldOut' | 'provenance'
    >
  >;

/**
 * The document of one schedule. PTQD corrects the output before c^eps scales it.
 *
 * @param scheduler with its timesteps set
 * @throws QschedError (usage) if lengths do not fit, or the scheduler clips and there is a correction
 */
export function scheduleDocument(
  scheduler: Scheduler,
  origin: ScheduleOrigin,
  coefficients: Coefficients = identityCoefficients(scheduler.timesteps.length),
  ptqd?: readonly PtqdStep[],
): CompleteSchedule {
  const { timesteps } = scheduler;
  checkCoefficients(coefficients, timesteps.length);
  const identity = scheduler.schedule();
  const fused = scaleFused(ptqd === undefined ? identity : applyPtqd(identity, ptqd), coefficients);
  return {
    format: SCHEDULE_FORMAT,
    ...origin,
    timesteps,
    coefficients,
    ...(ptqd === undefined ? {} : { ptqd }),
    fused,
    identity,
  };
}

/**
 * Fills in what a document omits, and checks the rest against the scheduler.
 *
 * @param where what the messages call the document
 * @throws QschedError (usage): made for other steps or another scheduler, coefficients that do not fit, or steps that contradict them
 */
export function completeSchedule(scheduler: Scheduler, document: ScheduleDocument, where: string): CompleteSchedule {
  const { timesteps } = scheduler;
  const given = document.timesteps;
  if (given !== undefined && !near(given, timesteps)) {
    throw new QschedError(
      'usage',
      `${where} was made for the timesteps ${given.join(', ')}, but ${scheduler.type} with ${timesteps.length} steps has ${timesteps.join(', ')}.`,
      'It was made with another scheduler, other steps or another spacing: change scheduler in the file.',
    );
  }
  const { coefficients, ptqd, format: _, timesteps: __, fused: ___, identity: ____, ...origin } = document;
  const complete = scheduleDocument(scheduler, origin, coefficients, ptqd);
  if (document.fused !== undefined && !sameSteps(document.fused, complete.fused)) {
    throw new QschedError(
      'usage',
      `${where}: fused differs from what its scheduler, coefficients and ptqd give.`,
      'Remove fused from the file: it is computed.',
    );
  }
  return complete;
}

const near = (left: readonly number[], right: readonly number[]): boolean =>
  left.length === right.length && left.every((value, i) => close(value, right[i]!));
const close = (left: number, right: number): boolean => Math.abs(left - right) <= 1e-6 * Math.max(1, Math.abs(right));

const sameSteps = (left: FusedDocument, right: FusedDocument): boolean => near(numbersOf(left), numbersOf(right));

/** All numbers of a document, in the order of its keys' names. */
function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (Array.isArray(value)) return value.flatMap(numbersOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, one]) => numbersOf(one));
}
