/**
 * The names of the task queues: pure, so that workflows may import them too.
 */

/** Workflows run here. */
export const WORKFLOW_QUEUE = 'qsched';

/** Every touch of the database runs here: one writer. */
export const STORE_QUEUE = 'qsched-store';

/**
 * The queue on which the workers of one model answer `prepare`.
 *
 * @param model name of the model's folder, for example `shapes`
 */
export function modelQueue(model: string): string {
  return `qsched-model-${model}`;
}
