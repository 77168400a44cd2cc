/**
 * Live control: the updates `pause`, `unpause`, `stop`, `extend`, `enqueue` and `priority`. Each is validated before it is
 * accepted, with the sentence that a person reads, and answers with one; what changes candidates is stored by then.
 */
import { defineSignal, getExternalWorkflowHandle, setHandler } from '@temporalio/workflow';
import { ExtendInput } from '../../contract/steering.js';
import { storeActivities } from '../activities.js';
import { refuse, takeHolds, takeUpdate } from '../hold-updates.js';
import { setColumns } from './attributes.js';
import { showDetails } from './details.js';
import { enqueuedPoint } from './enqueued-point.js';
import type { SearchRun } from './search-run.js';

/** Holds a search that works for another one, or lets it go: a paused search pauses its control. */
const holdSignal = defineSignal<[boolean]>('hold');

/** What `temporal workflow metadata` and the Temporal UI say of them. */
const DESCRIPTIONS = {
  stop: 'Ask for no further candidates: the best so far proceeds to the verdict.',
  extend: 'A larger budget, in candidates besides the baseline: 64',
  enqueue: 'A candidate to score next, in the numbers that are searched: {"sample": [0.95, 1], "noise": [1, 1.02]}',
} as const;

/** Takes the updates of a search. Call it before anything is waited for. */
export function takeUpdates(run: SearchRun): void {
  const { searchId, steering, progress } = run;
  const take = (
    name: keyof typeof DESCRIPTIONS,
    validate: (input: unknown) => unknown,
    act: (input: unknown) => Promise<string>,
  ): void => takeUpdate({ name, description: DESCRIPTIONS[name], validate, act });
  const hold = async (paused: boolean): Promise<void> => {
    steering.paused = paused;
    setColumns(run, { status: paused ? 'paused' : 'running' });
    showDetails(run);
    await Promise.all([...run.children].map((id) => holdChild(id, paused)));
    await storeActivities(0).setPaused({ searchId, paused });
  };
  setHandler(holdSignal, hold);

  takeHolds({
    what: 'search',
    id: searchId,
    isPaused: () => steering.paused,
    hold,
    prioritise: (priority) => {
      steering.priority = priority;
    },
  });
  take(
    'stop',
    () => checkStop(run),
    async () => {
      await steering.add({ kind: 'stop', cut: null });
      showDetails(run);
      if (steering.paused) await hold(false);
      return `Stopping: the best of the candidates that have all their images proceeds to the verdict.${besideIt(run)}`;
    },
  );
  take(
    'extend',
    (input) => checkExtend(run, input),
    async (input) => {
      const [from, to] = [steering.target, ExtendInput.parse(input)];
      await steering.add({ kind: 'extend', from, to });
      progress.budget = to;
      showDetails(run);
      return `The budget is ${to} candidates now; it was ${from}.`;
    },
  );
  take(
    'enqueue',
    (input) => checkEnqueue(run, input),
    async (input) => {
      await steering.add({ kind: 'enqueue', point: enqueuedPoint(run.spec, input) });
      return `It is scored in the next generation, as one of the ${steering.target} candidates of the budget.`;
    },
  );
}

/** A stop is a person's judgement of this search: what full precision is given to be compared with stays what it was. */
const besideIt = ({ searchId, spec: { control } }: SearchRun): string =>
  control === 'search'
    ? ` The full-precision search keeps its own budget; once it runs, end it with: npx qsched stop ${searchId}-control`
    : '';

async function holdChild(id: string, paused: boolean): Promise<void> {
  try {
    await getExternalWorkflowHandle(id).signal(holdSignal, paused);
  } catch {
    // It has ended meanwhile.
  }
}

/** Whether candidates can still be changed. */
function requireOpen({ searchId, steering, progress }: SearchRun): void {
  if (steering.stage === 'before') {
    refuse(`The search ${searchId} is still being prepared (${progress.stage}).`, 'Try again in a moment.');
  }
  if (steering.stage === 'over') {
    refuse(
      `The candidates of ${searchId} are all scored: it is at the stage "${progress.stage}".`,
      `Once it has ended, extend it with: npx qsched resume ${searchId} --budget ${steering.target * 2}`,
    );
  }
  if (steering.stop !== null) {
    refuse(
      `The search ${searchId} is being stopped.`,
      `Once it has ended, extend it with: npx qsched resume ${searchId} --budget N`,
    );
  }
}

function checkStop(run: SearchRun): void {
  const { searchId, progress, spec } = run;
  requireOpen(run);
  if (progress.told === 0) {
    refuse(
      `No candidate of ${searchId} is scored yet: there is no best to keep.`,
      `Cancel it instead: npx qsched cancel ${searchId}`,
    );
  }
  if (spec.objective.k === 'auto') {
    refuse(
      `The search ${searchId} has not settled k yet.`,
      `Try again later, or cancel it: npx qsched cancel ${searchId}`,
    );
  }
}

function checkExtend(run: SearchRun, input: unknown): void {
  const { searchId, steering } = run;
  requireOpen(run);
  const read = ExtendInput.safeParse(input);
  if (!read.success) {
    refuse(
      `The budget is ${JSON.stringify(input) ?? 'missing'}: it must be a whole number from 1 to 1000000.`,
      `For example ${steering.target * 2}.`,
    );
  } else if (read.data <= steering.target) {
    refuse(
      `The budget of ${searchId} is ${steering.target} candidates already: ${read.data} does not extend it.`,
      `Give more than ${steering.target}; to end it earlier: npx qsched stop ${searchId}`,
    );
  }
}

function checkEnqueue(run: SearchRun, input: unknown): void {
  const { searchId, spec, steering } = run;
  requireOpen(run);
  if (spec.optimizer.type === 'grid') {
    refuse('A grid scores all of its points and no others.', 'Start another search with --optimizer auto.');
  }
  enqueuedPoint(spec, input);
  const { target: budget, waiting } = steering;
  if (run.askedFor + waiting >= budget) {
    refuse(
      `All ${budget} candidates of ${searchId} have been asked for, and one that you put in counts too.`,
      `Extend it first: npx qsched extend ${searchId} --budget ${budget + 1}`,
    );
  }
}
