/**
 * A `score` request on an engine: evaluations become tables that cross the wire as text.
 */
import { encodeFloats } from '../../contract/float-text.js';
import type { ScoreRequest, ScoreResult } from '../../contract/wire/score.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import type { EngineControl } from './generate-blocks.js';
import { keptImages, type ImageTools } from './kept-images.js';
import { pairsOf, scheduleOf } from './request-pairs.js';
import type { EngineCandidate, Evaluation, ScoringEngine } from './scoring-engine.js';
import type { Pair } from './sample-block.js';
import type { Scorer } from '../scorers/scorer.js';
import { startReport } from './work-report.js';

/** Progress is reported in steps of this share. */
const SHARE = 0.02;

/** @param openEngine its time counts towards the job's */
export async function scoreJob(
  request: ScoreRequest,
  tools: ImageTools,
  control: Required<EngineControl>,
): Promise<ScoreResult> {
  const report = startReport();
  const engine = await tools.openEngine();
  const pairs = pairsOf(request);
  const all = pairs.map((_, i) => i);
  const candidates = request.candidates.map(({ coefficients, pairs: own }) => ({
    schedule: scheduleOf(request.schedule, coefficients),
    pairs: own ?? all,
  }));
  const watched = { ...control, onProgress: nowAndThen(control) };
  const images = request.keepImages ? [] : undefined;
  const results =
    images === undefined
      ? await engine.score(candidates, pairs, watched)
      : await scoreKept({ request, tools, engine, candidates, pairs, images }, watched);
  const scorers = request.scorers.map(({ role }) => engine.scorers.findIndex((scorer) => scorer.role === role));
  return {
    version: WIRE_VERSION,
    scorers: request.scorers.map(({ role, names }) => ({ scorer: role, names })),
    candidates: results.map((evaluations, k) => ({
      values: scorers.map((s) => encodeFloats(tableOf(evaluations, s, engine.scorers[s]!.names.length))),
      failed: evaluations.flatMap((evaluation, at) => failuresOf(evaluation, at, engine.scorers)),
      ...(images === undefined ? {} : { images: images[k]! }),
    })),
    ...report(),
  };
}

interface KeptWork {
  readonly request: ScoreRequest;
  readonly tools: ImageTools;
  readonly engine: ScoringEngine;
  readonly candidates: readonly EngineCandidate[];
  readonly pairs: readonly Pair[];
  /** Receives the artefacts of each candidate's images. */
  readonly images: string[][];
}

/** Images are found among the artefacts, or generated and kept there, candidate by candidate; then they are scored. */
async function scoreKept(
  { request, tools, engine, candidates, pairs, images }: KeptWork,
  control: Required<EngineControl>,
): Promise<Evaluation[][]> {
  const results: Evaluation[][] = [];
  const network = request.network.network;
  for (const [k, { schedule, pairs: own }] of candidates.entries()) {
    const wanted = own.map((pair) => pairs[pair]!);
    // A failure that is asked for again is tried again: the store decides which failures count.
    const { kept } = await keptImages({ network, schedule, retryFailed: true }, wanted, tools, control);
    images.push(kept.map(({ hash }) => hash));
    const shown = kept.map(({ failed, image }) => (failed === null ? image() : { failed }));
    results.push(await engine.scoreImages(shown, wanted, control));
    control.onProgress((k + 1) / candidates.length);
  }
  return results;
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

function failuresOf(
  evaluation: Evaluation,
  at: number,
  scorers: readonly Scorer[],
): ScoreResult['candidates'][number]['failed'] {
  if ('failed' in evaluation) return [{ at, reason: evaluation.failed }];
  return evaluation.terms.flatMap((terms, s) =>
    typeof terms === 'string' ? [{ at, reason: terms, scorer: scorers[s]!.role }] : [],
  );
}
