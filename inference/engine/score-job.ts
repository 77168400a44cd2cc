/**
 * A scoring job on an engine: evaluations become tables that cross threads as they are.
 */
import { runtimeClock } from '../models/runtime-session.js';
import type { Scorer } from '../scorers/scorer.js';
import type { EngineControl } from './draw-blocks.js';
import type { ScoreJob, ScoreJobResult } from './engine-messages.js';
import type { Evaluation, ScoringEngine } from './scoring-engine.js';

/** Progress is told of in steps of this share. */
const SHARE = 0.02;

/** @param openEngine its time counts towards the job's */
export async function scoreJob(
  job: ScoreJob,
  openEngine: () => Promise<ScoringEngine>,
  control: Required<EngineControl>,
): Promise<ScoreJobResult> {
  const start = performance.now();
  const runtimeBefore = runtimeClock.seconds;
  const engine = await openEngine();
  const { scorers } = engine;
  const candidates = job.schedules.map((schedule, k) => ({ schedule, pairs: job.wanted[k]! }));
  const results = await engine.score(candidates, job.pairs, { ...control, onProgress: nowAndThen(control) });
  return {
    scorers: scorers.map(({ role }) => role),
    names: scorers.map(({ names }) => names),
    values: results.map((evaluations) => scorers.map(({ names }, s) => tableOf(evaluations, s, names.length))),
    failed: results.map((evaluations) => evaluations.flatMap((evaluation, at) => failuresOf(evaluation, at, scorers))),
    seconds: (performance.now() - start) / 1000,
    runtimeSeconds: runtimeClock.seconds - runtimeBefore,
  };
}

function nowAndThen({ onProgress }: Required<EngineControl>): (share: number) => void {
  let reported = 0;
  return (share) => {
    if (share - reported < SHARE) return;
    reported = share;
    onProgress(share);
  };
}

/** Terms of scorer s: pairs x columns, NaN where failed. */
function tableOf(evaluations: readonly Evaluation[], s: number, columns: number): Float64Array {
  const values = new Float64Array(evaluations.length * columns).fill(NaN);
  evaluations.forEach((evaluation, at) => {
    const terms = 'terms' in evaluation ? evaluation.terms[s]! : '';
    if (typeof terms !== 'string') values.set(terms, at * columns);
  });
  return values;
}

function failuresOf(evaluation: Evaluation, at: number, scorers: readonly Scorer[]): ScoreJobResult['failed'][number] {
  if ('failed' in evaluation) return [{ at, reason: evaluation.failed }];
  return evaluation.terms.flatMap((terms, s) =>
    typeof terms === 'string' ? [{ at, reason: terms, scorer: scorers[s]!.role }] : [],
  );
}
