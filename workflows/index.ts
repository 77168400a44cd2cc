/**
 * Every workflow that a worker of the `qsched` queue runs.
 */
export { compare } from './compare.js';
export { evaluate } from './evaluate/evaluate.js';
export { ptqd } from './ptqd.js';
export { search } from './search/search.js';
export { study } from './study.js';
