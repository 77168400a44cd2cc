/**
 * Which candidates share which states of a trajectory, for one (prompt, seed).
 *
 * All candidates start from the same latent, so the first network call is the same for all of
 * them; and two candidates whose steps 0..i are equal share every state and every call up to
 * step i + 1. K candidates with N steps that part at the first step need 1 + (N - 1) * K calls.
 */
import { QschedError } from '../contract/errors.js';
import type { FusedSchedule, FusedStep } from './fused.js';

/** The states before step `level` (level N: the finished latents). */
export interface TrajectoryLevel {
  /** Candidate -> group: candidates of a group have the same state here. */
  readonly groupOf: Int32Array;
  /** Group -> the group of the level before that it comes from; -1 at level 0. */
  readonly parentOf: Int32Array;
  /** Group -> the step that leads into its state; empty at level 0. */
  readonly stepOf: readonly FusedStep[];
}

export interface TrajectoryTree {
  /** N + 1 levels for N steps. */
  readonly levels: readonly TrajectoryLevel[];
  /** Network calls for one (prompt, seed): the groups of the levels 0..N-1. */
  readonly networkCalls: number;
}

/**
 * Groups candidates by equal beginnings. Groups are numbered in order of their first candidate.
 *
 * @param schedules one per candidate, at least one, all with the same timesteps and input scales
 * @throws QschedError (usage) where there is none, or where they differ in steps, timesteps, input scale or initial sigma
 */
export function buildTrajectoryTree(schedules: readonly FusedSchedule[]): TrajectoryTree {
  const first = schedules[0];
  if (first === undefined) {
    throw new QschedError('usage', 'A trajectory tree needs at least one schedule.', 'Pass one schedule a candidate.');
  }
  schedules.forEach((schedule, k) => checkSame(first, schedule, k));

  const steps = first.steps.length;
  const levels: TrajectoryLevel[] = [
    { groupOf: new Int32Array(schedules.length), parentOf: Int32Array.of(-1), stepOf: [] },
  ];
  let networkCalls = 0;
  for (let i = 0; i < steps; i++) {
    const before = levels[i]!;
    networkCalls += before.parentOf.length;
    levels.push(splitLevel(before, schedules, i));
  }
  return { levels, networkCalls };
}

function splitLevel(before: TrajectoryLevel, schedules: readonly FusedSchedule[], i: number): TrajectoryLevel {
  const groups = new Map<string, number>();
  const groupOf = new Int32Array(schedules.length);
  const parents: number[] = [];
  const stepOf: FusedStep[] = [];
  schedules.forEach((schedule, k) => {
    const step = schedule.steps[i]!;
    const parent = before.groupOf[k]!;
    const key = `${parent} ${bitsOf(step)}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = stepOf.length;
      groups.set(key, group);
      parents.push(parent);
      stepOf.push(step);
    }
    groupOf[k] = group;
  });
  return { groupOf, parentOf: Int32Array.from(parents), stepOf };
}

/** A key that is equal exactly where the numbers are: JavaScript prints a float64 so that it reads back. */
function bitsOf({ a, b, d, n }: FusedStep): string {
  return [a, b, n, ...(typeof d === 'number' ? [d] : ['channels', ...d])]
    .map((value) => (Object.is(value, -0) ? '-0' : String(value)))
    .join(' ');
}

function checkSame(first: FusedSchedule, other: FusedSchedule, k: number): void {
  const same =
    other.steps.length === first.steps.length &&
    other.initNoiseSigma === first.initNoiseSigma &&
    other.steps.every(
      (step, i) => step.timestep === first.steps[i]!.timestep && step.inputScale === first.steps[i]!.inputScale,
    );
  if (!same) {
    throw new QschedError(
      'usage',
      `Schedule ${k} has other timesteps than schedule 0.`,
      'Candidates of one batch must come from one scheduler with one number of steps.',
    );
  }
}
