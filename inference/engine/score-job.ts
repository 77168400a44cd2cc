/**
 * A `score` request: evaluations become tables that cross the wire as text.
 */
import { QschedError } from '../../contract/errors.js';
import { encodeFloats } from '../../contract/float-text.js';
import type { ScoreRequest, ScoreResult } from '../../contract/wire/score.js';
import type { Scorer } from '../scorers/scorer.js';
import { scaleSchedule } from './apply-step.js';
import type { EngineControl } from './generate-blocks.js';
import type { JobTools } from './job-tools.js';
import { keptImages } from './kept-images.js';
import { pairsOf } from './request-pairs.js';
import type { EngineCandidate, Pair } from './sampling-loop.js';
import { scoreCandidates, scoreImages, type Evaluation } from './score-images.js';

/** Kept images that are in memory at once: whole scorer batches, of whatever size. */
const KEPT_IMAGES = 40;

/**
 * Scores candidates on pairs.
 *
 * @throws QschedError (usage) if coefficients, pairs or candidates do not fit together
 */
export async function scoreJob(
  request: ScoreRequest,
  tools: JobTools,
  control: EngineControl = {},
): Promise<Pick<ScoreResult, 'scorers' | 'candidates'>> {
  const pairs = pairsOf(request);
  const candidates = candidatesOf(request);
  const scorers: Scorer[] = [];
  for (const { role } of request.scorers) scorers.push(await tools.scorer(role));
  const images = request.keepImages ? candidates.map(({ pairs: own }) => new Array<string>(own.length)) : undefined;
  const results =
    images === undefined
      ? await scoreCandidates(await tools.generator(), scorers, candidates, pairs, control)
      : await scoreKept(request.network.network, { tools, scorers, candidates, pairs, images }, control);
  return {
    scorers: scorers.map(({ role, names }) => ({ scorer: role, names: [...names] })),
    candidates: results.map((evaluations, k) => ({
      values: scorers.map(({ names }, s) => encodeFloats(tableOf(evaluations, s, names.length))),
      failed: evaluations.flatMap((evaluation, at) => failuresOf(evaluation, at, scorers)),
      ...(images === undefined ? {} : { images: images[k]! }),
    })),
  };
}

function candidatesOf({ schedule, pairs, candidates }: ScoreRequest): EngineCandidate[] {
  const all = pairs.map((_, i) => i);
  return candidates.map(({ coefficients, pairs: own }, k) => {
    const beyond = own?.find((pair) => pair >= pairs.length);
    if (beyond !== undefined) {
      throw new QschedError('usage', `Candidate ${k} names pair ${beyond}, but the request has ${pairs.length} pairs.`);
    }
    return { schedule: scaleSchedule(schedule, coefficients), pairs: own ?? all };
  });
}

interface KeptWork {
  readonly tools: JobTools;
  readonly scorers: readonly Scorer[];
  readonly candidates: readonly EngineCandidate[];
  readonly pairs: readonly Pair[];
  /** Receives the artefacts of each candidate's images. */
  readonly images: readonly string[][];
}

/** Images are reused from the artefacts, or generated and kept there; then they are scored. */
async function scoreKept(
  network: string,
  { tools, scorers, candidates, pairs, images }: KeptWork,
  control: EngineControl,
): Promise<Evaluation[][]> {
  const results = candidates.map(({ pairs: own }) => new Array<Evaluation>(own.length));
  // Pair by pair, so that candidates on one pair share the beginning of their trajectories.
  const places = candidates
    .flatMap(({ schedule, pairs: own }, k) => own.map((index, at) => ({ k, at, index, schedule, pair: pairs[index]! })))
    .sort((a, b) => a.index - b.index);
  for (let first = 0; first < places.length; first += KEPT_IMAGES) {
    const slice = places.slice(first, first + KEPT_IMAGES);
    // The store decides which failures count: one that is asked for again is tried again.
    const { kept } = await keptImages(network, slice, true, tools, control);
    const shown = kept.map(({ failed, image }) => (failed === null ? image() : { failed }));
    const own = slice.map(({ pair }) => pair);
    const evaluations = await scoreImages(scorers, shown, own, control);
    slice.forEach(({ k, at }, i) => {
      results[k]![at] = evaluations[i]!;
      images[k]![at] = kept[i]!.hash;
    });
    control.onProgress?.((first + slice.length) / places.length);
  }
  return results;
}

/** Terms of scorer s: pairs x columns, NaN if failed. */
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
