/**
 * Every workflow that a worker of the `qsched` queue runs.
 */
export { evaluate } from './evaluate/evaluate.js';
export { gate } from './gate/gate.js';
export { match } from './match.js';
export { ptqd } from './ptqd.js';
export { reproduce, study } from './reproduce.js';
export { compare } from './retired.js';
export { search } from './search/search.js';
