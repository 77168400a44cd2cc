/**
 * `qsched rank`: re-ranks stored candidates with other values of k. Reads only the database: no server, no model.
 */
import { keepingTrials } from '../../db/constraints.js';
import { calibrationOf } from '../../db/stored-terms.js';
import { readRankable, type RankableSearch } from '../../db/ranking.js';
import { refuseMixed } from '../../db/refuse-mixed.js';
import { CLIP_IQA_PROMPTS, type ClipIqaName } from '../../metrics/scores/clip-iqa.js';
import { scoreOfTerms } from '../../metrics/objectives/jaq.js';
import {
  lineOf,
  paretoFront,
  rankTerms,
  shareOfTerms,
  upperEnvelope,
  weightsAt,
  winnerChanges,
} from '../../metrics/objectives/ranking.js';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import type { Given } from '../input/flag.js';
import type { RANK } from '../input/flags.js';
import { rankText, type RankDocument, type RankedScore, type RankingAt, type TrialName } from '../text/rank-text.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { numericThresholds } from '../input/thresholds.js';
import { whole } from '../input/values.js';

/** Flags of `rank`. */
export type RankFlags = Given<typeof RANK> & GlobalOptions;

const DEFAULT_KS = '0.5,1,2,5';

/** Ranks the candidates of one search, or of several comparable ones, at every k. @returns the exit code */
export function rankCommand(ids: readonly string[], flags: RankFlags): number {
  const ks = parseKs(flags.k ?? DEFAULT_KS);
  const pair = parsePair(flags.pair);
  const atLeast = numericThresholds(flags.atLeast);
  const top = whole('--top', flags.top, 1, Number.MAX_SAFE_INTEGER) ?? 1;
  const searches = withStore((store) => {
    const wanted = ids.length === 0 ? [undefined] : [...new Set(ids)];
    return wanted
      .map((id) => requireSearch(store, id))
      .map((search): KeptSearch => {
        const calibration = calibrationOf(store, search);
        const kept = keepingTrials(calibration, search.objective, atLeast, '--at-least');
        return { ...readRankable(store, search, calibration, pair), kept };
      });
  });
  const document = rank(searches, { ks, pair: pair ?? null, top, atLeast: flags.atLeast });
  if (flags.json) printJson(document);
  else print(rankText(document));
  return 0;
}

/** A search with the numbers of the trials that keep the constraint. */
interface KeptSearch extends RankableSearch {
  readonly kept: ReadonlySet<number>;
}

interface RankOptions {
  readonly ks: readonly number[];
  readonly pair: string | null;
  readonly top: number;
  /** The constraint as it was given. */
  readonly atLeast: string | undefined;
}

/** @throws QschedError (usage) if the searches cannot be ranked together, or nothing keeps the constraint */
function rank(searches: readonly KeptSearch[], { ks, pair, top, atLeast }: RankOptions): RankDocument {
  const differences = refuseMixed(searches);
  const { type, weights: inside } = searches[0]!.spec.objective;
  const trials = searches.flatMap((search) => search.trials.filter(({ trial }) => search.kept.has(trial)));
  // Baselines first, so that the baseline wins among equal scores, as in a search.
  const all = [...searches.flatMap(({ identity, kept }) => (identity && kept.has(0) ? identity : [])), ...trials];
  if (all.length === 0) {
    throw new QschedError(
      'usage',
      `No candidate gains as much over its baseline as --at-least ${atLeast} asks for.`,
      'Ask for less.',
    );
  }
  const weights = (k: number) => weightsAt(type, k, all[0]!.tc !== null);
  const own = new Map(searches.map(({ id, ownWinner }) => [id, ownWinner]));
  const identities = new Map(searches.map(({ id, identity }) => [id, identity]));
  const name = ({ search, trial }: TrialName): TrialName => ({ search, trial });

  const parts = upperEnvelope(all.map((one) => lineOf(type, one)));
  const rankingAt = (k: number): RankingAt => {
    const { scores, order } = rankTerms(all, weights(k));
    const best = order.slice(0, top).map((i): RankedScore => ({ ...all[i]!, score: scores[i]! }));
    const winner = best[0]!;
    const identity = identities.get(winner.search);
    return {
      k,
      winner,
      aboveIdentity: identity ? winner.score - scoreOfTerms({ weights: weights(k) }, identity) : null,
      ownWinner: { search: winner.search, trial: own.get(winner.search)! },
      differs: own.get(winner.search) !== winner.trial,
      varianceShare: shareOfTerms(trials, weights(k)),
      top: best,
    };
  };
  return {
    searches: searches.map(({ id, status, spec, k, trials: scored, pairs, raced, open, failed }) => ({
      id,
      status,
      model: spec.model,
      precision: spec.precision,
      steps: spec.scheduler.steps,
      k,
      scored: scored.length,
      pairs,
      raced,
      open: open.length,
      failed,
    })),
    objective: type,
    weights: inside ?? null,
    pair,
    ks: ks.map(rankingAt),
    changes: winnerChanges(parts, ks[0]!, ks.at(-1)!).map(({ k, from, to }) => ({
      k,
      from: name(all[from]!),
      to: name(all[to]!),
    })),
    pareto: paretoFront(all).map((i) => {
      const part = parts.find(({ index }) => index === i);
      return {
        ...all[i]!,
        wins: part === undefined ? null : { from: part.from, to: part.to === Infinity ? null : part.to },
      };
    }),
    notes: [
      ...differences,
      ...searches.flatMap(unfinished),
      ...(atLeast === undefined ? [] : [excludedNote(searches, trials.length, atLeast)]),
      ...(all.every(({ tc, iq }) => tc !== null && iq !== null)
        ? []
        : [`The objective ${type} has only one term here, so k has no effect.`]),
    ],
  };
}

function excludedNote(searches: readonly KeptSearch[], left: number, atLeast: string): string {
  const all = searches.reduce((sum, { trials }) => sum + trials.length, 0);
  const excluded = all - left;
  return (
    `${excluded} of ${all} candidates gain${excluded === 1 ? 's' : ''} less over ${excluded === 1 ? 'its' : 'their'} ` +
    `baseline than --at-least ${atLeast} asks for.`
  );
}

function unfinished({ id, status, spec, trials, open, failed }: RankableSearch): string[] {
  if (status === 'finished') return [];
  return [
    `The search "${id}" is ${status}: ${trials.length} of its ${spec.optimizer.budget} candidates are scored${open.length > 0 ? `, ${open.length} are not scored yet` : ''}${failed.length > 0 ? `, ${failed.length} failed` : ''}. The ranking covers the scored ones.`,
  ];
}

/** Values in rising order, without repetitions. @throws QschedError (usage) */
function parseKs(text: string): number[] {
  const hint = `For example: --k ${DEFAULT_KS}`;
  const values = text.split(',').map((one) => one.trim());
  if (values.every((one) => one === '')) throw new QschedError('usage', '--k is empty.', hint);
  for (const one of values) {
    const value = one === '' ? NaN : Number(one);
    if (!Number.isFinite(value) || value < 0) {
      throw new QschedError('usage', `--k contains "${one}", which is not a finite number of at least 0.`, hint);
    }
  }
  return [...new Set(values.map(Number))].sort((a, b) => a - b);
}

function parsePair(name: string | undefined): ClipIqaName | undefined {
  if (name === undefined) return undefined;
  const pair = name.replace(/^clip-iqa\./, '');
  if (Object.hasOwn(CLIP_IQA_PROMPTS, pair)) return pair as ClipIqaName;
  throw new QschedError(
    'usage',
    `--pair is "${name}", which is not a CLIP-IQA pair.`,
    suggestion(pair, Object.keys(CLIP_IQA_PROMPTS)),
  );
}
