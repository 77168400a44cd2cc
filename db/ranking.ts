/**
 * What a ranking needs from a search: its calibration trials with their terms, and which searches they may be
 * compared with. Reads only the database.
 */
import { and, asc, eq, inArray } from 'drizzle-orm';
import { CLIP_IQA_PROMPTS, type ClipIqaName } from '../metrics/scores/clip-iqa.js';
import type { MeanTerms } from '../metrics/objectives/jaq.js';
import { canonicalJson } from '../contract/canonical-json.js';
import type { Coefficients } from '../contract/coefficients.js';
import { QschedError } from '../contract/errors.js';
import { scorersOf } from '../contract/objective-plan.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { knownEvaluations, splitPrompts, type Known } from './evaluations.js';
import type { Store } from './open-store.js';
import { candidates, contexts, trials } from './schema.js';
import { searchContextIds } from './searches.js';
import { settledObjective } from './settle-k.js';
import { storedObjective, storedScore } from './stored-scores.js';
import { calibrationOf, comparable } from './stored-terms.js';
import { stepCount } from '../contract/step-count.js';

/** A scored calibration trial. */
export interface RankedTrial extends MeanTerms {
  readonly search: string;
  /** 0 is the baseline. */
  readonly trial: number;
  /** (prompt, seed) pairs that its terms are estimated from: it was raced out; null if they are of all. */
  readonly pairs: number | null;
  readonly coefficients: Coefficients;
}

/** A search for a ranking. */
export interface RankableSearch {
  readonly id: string;
  readonly status: string;
  readonly spec: SearchSpec;
  /** The k of its objective; 1 if it has none. */
  readonly k: number;
  /** The trial with the highest score in the search itself; 0 if none was above the baseline. */
  readonly ownWinner: number;
  /** Trials that can be compared, in the order in which they were asked, without the baseline. */
  readonly trials: readonly RankedTrial[];
  readonly identity: RankedTrial | null;
  /** (prompt, seed) pairs of a whole score. */
  readonly pairs: number;
  /** Numbers of the trials that were raced out on part of the prompts, that failed, and without a score so far. */
  readonly raced: readonly number[];
  readonly failed: readonly number[];
  readonly open: readonly number[];
  readonly prompts: readonly string[];
  /** Provenance by scorer of the objective. */
  readonly provenance: Readonly<Record<string, Provenance>>;
}

interface Provenance {
  readonly files?: Readonly<Record<string, string>>;
  readonly schedule?: unknown;
  readonly scorer?: { readonly name?: string; readonly version?: unknown; readonly files?: unknown };
  readonly numeric?: unknown;
}

/** A stored search with its spec. */
export interface StoredSearch {
  readonly id: string;
  readonly status: string;
  readonly spec: SearchSpec;
}

/**
 * @param pair uses the mean of this stored CLIP-IQA pair as IQ instead of the objective's own
 * @throws QschedError (failure): no trial is scored yet, or the pair is not stored
 */
export function readRankable(store: Store, { id, status, spec }: StoredSearch, pair?: ClipIqaName): RankableSearch {
  const prompts = splitPrompts(store, id, 'calibration');
  const objective = settledObjective(store, { id, spec });
  const own = searchContextIds(store, id, spec.precision);
  const used = Object.fromEntries(
    scorersOf(storedObjective(objective)).flatMap((scorer) =>
      own[scorer] === undefined ? [] : [[scorer, own[scorer]]],
    ),
  );
  const rows = store
    .select({
      trial: trials.number,
      status: trials.status,
      score: trials.score,
      tc: trials.tc,
      iq: trials.iq,
      candidateId: trials.candidateId,
      sample: candidates.sample,
      noise: candidates.noise,
    })
    .from(trials)
    .innerJoin(candidates, eq(candidates.id, trials.candidateId))
    .where(and(eq(trials.searchId, id), eq(trials.stage, 'calibration')))
    .orderBy(asc(trials.number))
    .all();
  const scored = rows
    .filter((row) => row.status === 'ok')
    .map(({ trial, tc, iq, candidateId, sample, noise }): RankedTrial => ({
      search: id,
      trial,
      pairs: null,
      coefficients: { sample: JSON.parse(sample) as number[], noise: JSON.parse(noise) as number[] },
      tc,
      iq:
        pair === undefined
          ? iq
          : pairMean(knownEvaluations(store, used, candidateId, prompts, spec.prompts.seeds), pair, id),
    }));
  const numbers = (wanted: string): number[] => rows.filter((row) => row.status === wanted).map(({ trial }) => trial);
  const estimated = estimates(store, { id, status, spec }, pair);
  const searched = [...scored.filter(({ trial }) => trial > 0), ...estimated].sort((a, b) => a.trial - b.trial);
  const best = rows
    .filter(({ status: state }) => state === 'ok')
    .reduce<(typeof rows)[number] | null>(
      (winner, row) => (winner === null || row.score! > winner.score! ? row : winner),
      null,
    );
  if (best === null || searched.length === 0) {
    throw new QschedError(
      'failure',
      `The search "${id}" is ${status} and has no scored trial to rank.`,
      `Resume it: npx qsched resume ${id}`,
    );
  }
  return {
    id,
    status,
    spec,
    k: objective.type === 'weighted' ? 1 : objective.k,
    ownWinner: best.trial,
    trials: searched,
    identity: scored.find(({ trial }) => trial === 0) ?? null,
    pairs: prompts.length * spec.prompts.seeds.length,
    raced: numbers('raced'),
    failed: numbers('failed'),
    open: numbers('asked'),
    prompts,
    provenance: provenanceOf(store, used),
  };
}

/** The trials that were raced out, with their terms estimated from the pairs that they reached. */
function estimates(store: Store, search: StoredSearch, pair: ClipIqaName | undefined): RankedTrial[] {
  const calibration = calibrationOf(store, search);
  const raced = comparable(calibration).filter(({ status }) => status === 'raced');
  if (raced.length === 0) return [];
  const objective = settledObjective(store, search);
  const plan = storedObjective(objective);
  const score = (name: string) =>
    storedScore(calibration, objective, { field: '--pair', name, direction: 'higher' }).of;
  const text = plan.text.length === 0 ? () => null : score('text');
  const quality =
    pair !== undefined ? score(`clip-iqa.${pair}`) : plan.quality.length === 0 ? () => null : score('quality');
  return raced
    .map((trial): RankedTrial => ({
      search: search.id,
      trial: trial.trial,
      pairs: trial.pairs,
      coefficients: trial.coefficients,
      tc: text(trial),
      iq: quality(trial),
    }))
    .filter(({ tc, iq }) => !Number.isNaN(tc ?? 0) && !Number.isNaN(iq ?? 0));
}

function provenanceOf(store: Store, used: Readonly<Record<string, string>>): Record<string, Provenance> {
  const rows = store
    .select({ id: contexts.id, provenance: contexts.provenance })
    .from(contexts)
    .where(inArray(contexts.id, Object.values(used)))
    .all();
  const byId = new Map(rows.map((row) => [row.id, JSON.parse(row.provenance) as Provenance]));
  return Object.fromEntries(Object.entries(used).map(([scorer, context]) => [scorer, byId.get(context) ?? {}]));
}

/** Mean over a candidate's images, in prompt-then-seed order; for the objective's own pair equal to its IQ to the bit. */
function pairMean(known: readonly Known[], pair: ClipIqaName, id: string): number {
  let sum = 0;
  for (const one of known) {
    const terms = one?.status === 'ok' ? Object.values(one.terms) : [];
    const value = terms.map((row) => row[`clip-iqa.${pair}`]).find((term) => term !== undefined);
    if (value === undefined) throw withoutPair(terms, pair, id);
    sum += value;
  }
  return sum / known.length;
}

function withoutPair(terms: readonly Readonly<Record<string, number>>[], pair: string, id: string): QschedError {
  const stored = Object.keys(CLIP_IQA_PROMPTS).filter((name) => terms.some((row) => `clip-iqa.${name}` in row));
  const hint =
    stored.length > 0 ? `Stored: ${stored.join(', ')}.` : 'Its objective does not use CLIP-IQA. Omit --pair.';
  return new QschedError('failure', `The images of "${id}" have no stored CLIP-IQA pair "${pair}".`, hint);
}

/**
 * Refuses searches whose scores are not comparable.
 *
 * @returns notes about permitted differences
 * @throws QschedError (usage) naming the difference
 */
export function refuseMixed(searches: readonly RankableSearch[]): string[] {
  const [first, ...rest] = searches;
  const notes = new Set<string>();
  for (const other of rest) {
    const difference = whatDiffers(first!, other);
    if (difference !== null) {
      throw new QschedError(
        'usage',
        `"${first!.id}" and "${other.id}" cannot be ranked together: they have ${difference}.`,
        'Rank them separately.',
      );
    }
    if (first!.spec.precision !== other.spec.precision) {
      notes.add(
        `The searches differ in precision (${first!.spec.precision}, ${other.spec.precision}): this compares networks, not coefficients alone.`,
      );
    }
    if (!sameIn(first!, other, (one) => one.schedule)) {
      notes.add(
        `The searches differ in schedule (${scheduler(first!)}; ${scheduler(other)}): this compares schedules, not coefficients alone.`,
      );
    }
  }
  return [...notes];
}

const scheduler = ({ spec: { scheduler: one } }: RankableSearch): string =>
  `${one.type}, ${stepCount(one.steps)}, eta ${one.eta}`;

const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

const sameIn = (a: RankableSearch, b: RankableSearch, part: (one: Provenance) => unknown): boolean =>
  Object.keys({ ...a.provenance, ...b.provenance }).every((scorer) =>
    same(part(a.provenance[scorer] ?? {}), part(b.provenance[scorer] ?? {})),
  );

/** What differs and must not, in words; null if nothing does. */
function whatDiffers(a: RankableSearch, b: RankableSearch): string | null {
  const [one, two] = [a.spec, b.spec];
  const pair = (of: (search: RankableSearch) => unknown): string => `(${String(of(a))}, ${String(of(b))})`;
  if (one.model !== two.model) return `different models ${pair(({ spec }) => spec.model)}`;
  if (one.objective.type !== two.objective.type) {
    return `different objectives ${pair(({ spec }) => spec.objective.type)}`;
  }
  if (!same(one.objective.weights, two.objective.weights)) return 'different weights in their objectives';
  if (!same([...a.prompts].sort(), [...b.prompts].sort())) return 'different calibration prompts';
  if (!same(sorted(one.prompts.seeds), sorted(two.prompts.seeds))) {
    return `different seeds ${pair(({ spec }) => `[${spec.prompts.seeds.join(', ')}]`)}`;
  }
  if (!same(Object.keys(a.provenance).sort(), Object.keys(b.provenance).sort())) {
    return `different scorers ${pair(({ provenance }) => Object.keys(provenance).join(' and '))}`;
  }
  for (const scorer of Object.keys(a.provenance)) {
    const [x, y] = [a.provenance[scorer]!.scorer, b.provenance[scorer]!.scorer];
    if (!same(x?.version, y?.version)) {
      return `different versions of the scorer "${scorer}" (${canonicalJson(x?.version ?? null)}, ${canonicalJson(y?.version ?? null)})`;
    }
    if (!same(x, y)) return `different files or settings of the scorer "${scorer}"`;
    const [mine, its] = [a.provenance[scorer]!.numeric, b.provenance[scorer]!.numeric];
    if (!same(mine, its)) {
      return `different numeric classes (${canonicalJson(mine ?? null)}, ${canonicalJson(its ?? null)})`;
    }
  }
  if (one.precision === two.precision && !sameIn(a, b, (provenance) => provenance.files)) {
    return `different files of the model "${one.model}" at ${one.precision}`;
  }
  return null;
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
