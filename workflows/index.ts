/**
 * Every workflow that a worker of the `qsched` queue runs.
 */
export { compare } from './compare.js';
export { evaluate } from './evaluate.js';
export { ptqd } from './ptqd.js';
export { search } from './search.js';
export { study } from './study.js';
