/**
 * The database: tables (tables/) and views for anyone who has sqlite3 (views/).
 */
export { now } from './tables/moment.js';
export { candidates, contexts, prompts } from './tables/identities.js';
export { promptScores, searchContexts, searches, searchPrompts, trials } from './tables/searches.js';
export { evaluations, work } from './tables/evaluations.js';
export { fits, scheduleOrigins, schedules } from './tables/schedules.js';
export { runs } from './tables/runs.js';
export { steering } from './tables/steering.js';
export { bestCoefficients } from './views/best-coefficients.js';
export { evaluationRows } from './views/evaluation-rows.js';
export { gateScores } from './views/gate-scores.js';
export { promptGains } from './views/prompt-gains.js';
export { repairSplit } from './views/repair-split.js';
export { searchProgress } from './views/search-progress.js';
export { searchesOverview } from './views/searches-overview.js';
export { trialHistory } from './views/trial-history.js';
export { trialImages } from './views/trial-images.js';
