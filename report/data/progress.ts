/**
 * How far a search is.
 */
import type { SearchSpec } from '../../contract/search-spec.js';
import type { SearchDocument } from '../documents/search-document.js';
import { calibrationTrials, type ReportTrial } from './stored-trials.js';

/** A stored search. */
interface Stored {
  readonly status: SearchDocument['status'];
  readonly spec: SearchSpec;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const STAGES: Readonly<Record<ReportTrial['stage'], string>> = {
  calibration: 'searching on the calibration prompts',
  select: 'choosing the finalist on the selection prompts',
  confirm: 'testing the finalist on held-out prompts',
  control: 'running the full-precision control',
};

/** Seconds from the start to the last change, interruptions included. */
export const secondsOf = (
  { createdAt, updatedAt }: Pick<Stored, 'createdAt' | 'updatedAt'>,
  trials: readonly ReportTrial[],
) =>
  (trials.reduce((latest, { at }) => Math.max(latest, Date.parse(at)), Date.parse(updatedAt)) - Date.parse(createdAt)) /
  1000;

/** Null for a search that ended. */
export function progressOf(
  { status, spec }: Stored,
  trials: readonly ReportTrial[],
  seconds: number,
): SearchDocument['progress'] {
  if (status !== 'running') return null;
  const latest = trials.reduce<ReportTrial | undefined>(
    (last, trial) => (last === undefined || trial.at >= last.at ? trial : last),
    undefined,
  );
  const told = calibrationTrials(trials).filter((one) => one.number > 0 && one.status !== 'asked').length;
  const stage = latest === undefined ? 'preparing' : STAGES[latest.stage];
  return { stage, told, budget: spec.optimizer.budget, seconds };
}
