/**
 * `qsched-schedule/1`: everything that is known of a schedule, as one JSON document.
 */
import type { ExportTarget } from './target.js';

export const json: ExportTarget = {
  help: 'qsched-schedule/1: coefficients, timesteps, fused steps',
  write: ({ document }) => ({
    files: [{ name: 'schedule.json', content: `${JSON.stringify(document, null, 2)}\n` }],
    notes: [],
  }),
};
