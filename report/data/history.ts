/**
 * The course of a search: every trial with the best score so far.
 */
import type { SearchDocument } from '../documents/search-document.js';
import type { ReportTrial } from './stored-trials.js';

/** @param trials stage by stage, in the order in which they were asked */
export function historyOf(trials: readonly ReportTrial[]): SearchDocument['trials'] {
  let best: number | null = null;
  return trials.map(({ point: _point, pairs: _pairs, ...trial }) => {
    const { stage, status, score } = trial;
    if (stage !== 'calibration') return { ...trial, best: null };
    if (status === 'ok' && score !== null && (best === null || score > best)) best = score;
    return { ...trial, best };
  });
}
