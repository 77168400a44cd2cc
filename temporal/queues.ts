/**
 * The names of the task queues. Pure, so workflows can import it too.
 */

/** Workflows run here. */
export const WORKFLOW_QUEUE = 'qsched';

/** Every access to the database runs here: there is one writer. */
export const STORE_QUEUE = 'qsched-store';

/** Computations that may take seconds (proposing candidates, verdicts, summaries) run here, away from the writer. */
export const COMPUTE_QUEUE = 'qsched-compute';

/**
 * The queue on which the workers of one model answer `describe`.
 *
 * @param model name of the model's folder, for example `shapes`
 */
export function modelQueue(model: string): string {
  return `qsched-model-${model}`;
}
