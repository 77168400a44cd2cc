/**
 * Every workflow that a worker of the `qsched` queue runs.
 */
export { search } from './search.js';
