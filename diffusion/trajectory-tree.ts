/**
 * Which candidates share which states of a trajectory, for one (prompt, seed).
 *
 * All candidates start from the same latent, so the first network call is the same for all of them; and two candidates
 * whose steps 0..i are equal share every state and every call up to step i + 1. K candidates with N steps that differ
 * from the first step on need 1 + (N - 1) * K calls.
 */
import { QschedError } from '../contract/errors.js';

/** What every kind of step has: when the network is called, and how its input is scaled. Other fields may follow. */
export interface NetworkCall {
  readonly timestep: number;
  readonly inputScale: number;
}

/** Steps of one candidate. */
export interface StepSchedule<S extends NetworkCall> {
  readonly initNoiseSigma: number;
  readonly steps: readonly S[];
}

/** The states before step `level` (level N: the finished latents). */
export interface TrajectoryLevel<S> {
  /** Candidate -> group: candidates of a group have the same state here. */
  readonly groupOf: Int32Array;
  /** Group -> the group of the level before that it comes from; -1 at level 0. */
  readonly parentOf: Int32Array;
  /** Group -> the step that leads into its state; empty at level 0. */
  readonly stepOf: readonly S[];
}

export interface TrajectoryTree<S> {
  /** N + 1 levels for N steps. */
  readonly levels: readonly TrajectoryLevel<S>[];
  /** Network calls for one (prompt, seed): the groups of the levels 0..N-1. */
  readonly networkCalls: number;
}

/**
 * Groups candidates by equal beginnings. Groups are numbered in order of their first candidate.
 *
 * @param schedules one per candidate, at least one, all with the same timesteps and input scales
 * @throws QschedError (usage) if there is none, or if they differ in steps, timesteps, input scale or initial sigma
 */
export function buildTrajectoryTree<S extends NetworkCall>(schedules: readonly StepSchedule<S>[]): TrajectoryTree<S> {
  const first = schedules[0];
  if (first === undefined) {
    throw new QschedError(
      'usage',
      'A trajectory tree needs at least one schedule.',
      'Pass one schedule per candidate.',
    );
  }
  schedules.forEach((schedule, k) => checkSame(first, schedule, k));

  const steps = first.steps.length;
  const levels: TrajectoryLevel<S>[] = [
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

function splitLevel<S extends NetworkCall>(
  before: TrajectoryLevel<S>,
  schedules: readonly StepSchedule<S>[],
  i: number,
): TrajectoryLevel<S> {
  const groups = new Map<string, number>();
  const groupOf = new Int32Array(schedules.length);
  const parents: number[] = [];
  const stepOf: S[] = [];
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

/** Equal only if all numbers are: JavaScript prints a float64 so that it reads back as the same number. */
const bitsOf = (step: NetworkCall): string =>
  JSON.stringify(step, (_, value: unknown) =>
    typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : value,
  );

function checkSame<S extends NetworkCall>(first: StepSchedule<S>, other: StepSchedule<S>, k: number): void {
  const same =
    other.steps.length === first.steps.length &&
    other.initNoiseSigma === first.initNoiseSigma &&
    other.steps.every(
      (step, i) => step.timestep === first.steps[i]!.timestep && step.inputScale === first.steps[i]!.inputScale,
    );
  if (!same) {
    throw new QschedError(
      'usage',
      `The timesteps of schedule ${k} differ from those of schedule 0.`,
      'Candidates of one batch must come from one scheduler with one number of steps.',
    );
  }
}
