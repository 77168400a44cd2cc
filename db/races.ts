/**
 * Races in the store: who is dropped after the pairs that are scored, and which evaluations the others need next. The
 * decision reads the pairs that were reached and nothing else, whatever else is stored, so that a search makes the
 * same ones in a full and in an empty database.
 */
import { dropped, levelOf } from '../metrics/racing/drop.js';
import { mostLooks, nextLook, raceOrder } from '../metrics/racing/looks.js';
import { createObjective } from '../metrics/objectives/jaq.js';
import { mean } from '../metrics/statistics/statistics.js';
import { QschedError } from '../contract/errors.js';
import type { AskedTrial, DroppedTrial, RaceRequest, RaceResult } from '../contract/payloads.js';
import { knownEvaluations, splitPrompts } from './evaluations.js';
import { candidateId } from './keys.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';
import { askTrials } from './trials.js';

const DROP_TRIAL = `
  update trials set status = @status, score = @score, tc = null, iq = null, pairs = @pairs,
                    updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  where search_id = @searchId and stage = @stage and number = @number`;

/**
 * Drops candidates after the pairs reached so far, and asks for the next ones of the others. The score of a candidate
 * that is dropped is the best rival's plus the mean difference to it on the pairs that both have; it has none if one of
 * its images failed. A race that ends early drops everybody who is left.
 *
 * @throws QschedError (failure) if an image is missing that the request says is scored
 */
export function raceTrials(store: Store, request: RaceRequest): RaceResult {
  return store.transaction(() => {
    const out = request.reached === 0 ? [] : drop(store, request);
    const gone = new Set(out.map(({ index }) => index));
    const trials = request.trials.filter(({ index }) => !gone.has(index));
    const pairs = splitPrompts(store, request.searchId, request.split).length * request.seeds.length;
    if (trials.length === 0) return { dropped: out, open: [], scores: [], kept: [], upTo: pairs };
    const upTo = nextLook({ block: request.block, batch: request.batch, pairs }, request.reached, trials.length);
    return { dropped: out, ...askTrials(store, { ...request, trials, upTo }), upTo };
  });
}

function drop(store: Store, request: RaceRequest): DroppedTrial[] {
  const { searchId, stage, trials, rivals, reached: pairs, alpha, block } = request;
  const { prompts, scoresOf } = reader(store, request);
  const rivalScores = rivals.map(({ coefficients }) => scoresOf(coefficients));
  const scores = trials.map(({ coefficients }) => scoresOf(coefficients));
  const whole = trials.flatMap((trial, i) => (scores[i] === null ? [] : [{ trial, scores: scores[i]! }]));
  const known = rivalScores.filter((one) => one !== null);
  const slow = dropped(
    known,
    whole.map((one) => one.scores),
    prompts,
    levelOf(alpha, mostLooks(block, prompts * request.seeds.length)),
  );
  const anchor = rivals.findIndex((_, i) => rivalScores[i] !== null);
  const estimate = (own: readonly number[]): number =>
    anchor < 0 ? mean(own) : rivals[anchor]!.score + mean(own.map((score, i) => score - rivalScores[anchor]![i]!));
  const out = [
    ...trials.flatMap(({ index }, i) => (scores[i] === null ? [{ index, score: null, pairs }] : [])),
    ...whole.flatMap(({ trial: { index }, scores: own }, i) =>
      slow[i] || request.end ? [{ index, score: estimate(own), pairs }] : [],
    ),
  ];
  for (const { index: number, score } of out) {
    const status = score === null ? 'failed' : 'raced';
    statement<object>(store, DROP_TRIAL).run({ searchId, stage, number, status, score, pairs });
  }
  return out;
}

/** Reads the scores of the images that a race has reached, in its order; null if one of them failed. */
function reader(store: Store, { searchId, split, contexts, seeds, objective: plan, reached }: RaceRequest) {
  const objective = createObjective(plan);
  const promptIds = splitPrompts(store, searchId, split);
  const order = raceOrder(promptIds.length, seeds.length).slice(0, reached);
  const scoresOf = (coefficients: AskedTrial['coefficients']): readonly number[] | null => {
    const known = knownEvaluations(store, contexts, candidateId(coefficients), promptIds, seeds);
    const own = order.map((pair) => known[pair]);
    if (own.includes(undefined)) {
      throw new QschedError(
        'failure',
        `The search "${searchId}" compares candidates before they are scored.`,
        'Resume it: scores that are stored already are reused.',
      );
    }
    const terms = own.flatMap((one) => (one!.status === 'ok' ? [objective.perImage(one!.terms)] : []));
    return terms.length < own.length ? null : terms;
  };
  return { prompts: promptIds.length, scoresOf };
}
