/**
 * Waiting for a worker: one that is busy is waited for, one that is not there is not.
 */
import { modelActivities } from './activities.js';
import { isUnbegun } from './failure.js';

/** Processes that serve one model may serve other files of it: so many are asked. */
const QUESTIONS = 3;
/** Whoever serves a model answers at once, in seconds. */
const ANSWER_WITHIN = 20;

/** Whether the user wrote how long to wait for a worker: a model that nobody serves yet is not a mistake then. */
export const asksToWait = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && 'waitForWorker' in input;

/**
 * Runs an activity whose wait for a worker is limited. The limit measures how long nobody was free: where
 * it ends while a worker serves the queue, with other work, the activity is put in the queue again.
 *
 * @throws what `run` throws; that the activity was not begun in time, where no worker serves the queue
 */
export async function whileServed<T>(model: string, queue: string, run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!isUnbegun(error) || !(await isServed(model, queue))) throw error;
    }
  }
}

async function isServed(model: string, queue: string): Promise<boolean> {
  const { serves } = modelActivities(model, ANSWER_WITHIN);
  for (let asked = 0; asked < QUESTIONS; asked += 1) {
    try {
      if (await serves({ queue })) return true;
    } catch (error) {
      if (isUnbegun(error)) return false;
      throw error;
    }
  }
  return false;
}
