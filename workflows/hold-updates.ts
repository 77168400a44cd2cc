/**
 * The updates `pause`, `unpause` and `priority`: what a person does to any workflow that gives blocks out. Each is validated
 * before it is accepted, with the sentence that a person reads, and answers with one.
 */
import { defineUpdate, setHandler } from '@temporalio/workflow';
import { QschedError } from '../contract/errors.js';
import { FIRST_PRIORITY, LAST_PRIORITY } from '../contract/steering.js';
import { orFailure } from './failure.js';

/** A workflow that can be held. */
export interface Holdable {
  /** What messages call it: "search". */
  readonly what: string;
  readonly id: string;
  readonly isPaused: () => boolean;
  /** Holds it, or lets it go: shown and stored when the promise resolves. */
  readonly hold: (paused: boolean) => Promise<void>;
  readonly prioritise: (priority: number) => void;
}

/** An update, as `temporal workflow metadata` and the Temporal UI tell it. */
interface Taken {
  readonly name: string;
  readonly description: string;
  /** Throws a QschedError for what is refused. */
  readonly validate: (input: unknown) => unknown;
  /** @returns the sentence that answers */
  readonly act: (input: unknown) => Promise<string>;
}

/** Refuses an update. @throws QschedError (usage) */
export const refuse = (message: string, hint: string): never => {
  throw new QschedError('usage', message, hint);
};

/** Takes an update of the running workflow. */
export const takeUpdate = ({ name, description, validate, act }: Taken): void =>
  setHandler(defineUpdate<string, [input?: unknown]>(name), (input?: unknown) => act(input), {
    description,
    validator: (input?: unknown) => {
      orFailure(() => validate(input));
    },
  });

/** Takes `pause`, `unpause` and `priority`. Call it before anything is waited for. */
export function takeHolds({ what, id, isPaused, hold, prioritise }: Holdable): void {
  takeUpdate({
    name: 'pause',
    description: 'Give no further work out; what is under way is finished.',
    validate: () =>
      isPaused() && refuse(`The ${what} ${id} is paused already.`, `Continue it: npx qsched unpause ${id}`),
    act: async () => {
      await hold(true);
      return `Paused: blocks that are under way are finished. Continue it with: npx qsched unpause ${id}`;
    },
  });
  takeUpdate({
    name: 'unpause',
    description: 'Go on after a pause.',
    validate: () => isPaused() || refuse(`The ${what} ${id} is not paused.`, `Pause it: npx qsched pause ${id}`),
    act: async () => {
      await hold(false);
      return 'Continued.';
    },
  });
  takeUpdate({
    name: 'priority',
    description: 'Whose blocks are scored first, from 1 (first) to 5: 3 by default',
    validate: checkPriority,
    act: async (input) => {
      prioritise(Number(input));
      return `What is scored from now on has priority ${Number(input)}.`;
    },
  });
}

function checkPriority(input: unknown): void {
  if (Number.isInteger(input) && Number(input) >= FIRST_PRIORITY! && Number(input) <= LAST_PRIORITY!) return;
  refuse(
    `The priority is ${JSON.stringify(input) ?? 'missing'}: it must be a whole number from ${FIRST_PRIORITY} (first) to ${LAST_PRIORITY} (last).`,
    'Without one it is 3.',
  );
}
