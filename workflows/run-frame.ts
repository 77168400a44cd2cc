/**
 * What evaluations and gates have in common as rows of `runs`: where they are shown, how a person holds them, and how they
 * end without a result.
 */
import { CancellationScope, isCancellation, upsertSearchAttributes } from '@temporalio/workflow';
import { storeActivities } from './activities.js';
import type { Hold } from './evaluate/hold.js';
import { asFailure } from './failure.js';
import { takeHolds } from './hold-updates.js';
import { columnsOf } from './search/attributes.js';

/** Where a run is shown. */
export interface RunPlace {
  readonly id: string;
  title: string;
  /** Address of its live page; null if nobody serves it. */
  page: string | null;
  /** Whether the namespace has our search attributes. */
  columns: boolean;
}

/** A line of the details with its live page; none if nobody serves it. */
export const pageLink = ({ page }: RunPlace): string[] => (page === null ? [] : [`[Live page](${page})`]);

/** Sets the search attributes, where the namespace has them. */
export function setColumns({ columns }: RunPlace, values: Parameters<typeof columnsOf>[0]): void {
  if (columns) upsertSearchAttributes(columnsOf(values));
}

/** A run that a person may hold. */
export interface HeldRun {
  /** What messages call it: "evaluation". */
  readonly what: string;
  readonly place: RunPlace;
  readonly hold: Hold;
  /** Shows where it is. */
  readonly show: () => void;
  /** Whether it has a row of `runs` yet. */
  readonly isOpen: () => boolean;
}

/** Takes the updates `pause`, `unpause` and `priority`. */
export function holdRun({ what, place, hold, show, isOpen }: HeldRun): void {
  const { id } = place;
  takeHolds({
    what,
    id,
    isPaused: () => hold.paused,
    hold: async (paused) => {
      hold.paused = paused;
      setColumns(place, { status: paused ? 'paused' : 'running' });
      show();
      if (isOpen()) await storeActivities(0).setRunPaused({ id, paused });
    },
    prioritise: (priority) => {
      hold.priority = priority;
      show();
    },
  });
}

/**
 * Shows and stores how a run ended without a result.
 *
 * @param show receives the status and the message
 * @returns what the workflow throws
 */
export async function endRun(
  place: RunPlace,
  error: unknown,
  isOpen: boolean,
  show: (status: 'failed' | 'cancelled', message: string) => void,
): Promise<unknown> {
  const failure = asFailure(error);
  const status = isCancellation(error) ? ('cancelled' as const) : ('failed' as const);
  const end = { status, message: failure.message };
  show(status, failure.message);
  await CancellationScope.nonCancellable(async () => {
    setColumns(place, { status });
    if (isOpen) await storeActivities(0).closeRun({ id: place.id, end });
  });
  return isCancellation(error) ? error : failure;
}
