/**
 * The scores of a gate by prompt and seed, from the artefacts of both sides. Every score is turned so that higher is better,
 * as metrics/gate takes them.
 */
import type { ArtefactStore } from '../artefacts/artefact-store.js';
import { QschedError } from '../contract/errors.js';
import { isPairName, OBJECTIVE_SCORE } from '../contract/gate-evaluation.js';
import type { LookRequest } from '../contract/gate-payloads.js';
import type { JudgedObjective } from '../contract/prepared-network.js';
import { pairScoreParts } from '../contract/pair-score.js';
import type { GateSamples } from '../metrics/gate/gate-samples.js';
import { createObjective } from '../metrics/objectives/jaq.js';
import { PAIR_SCORE_TABLE } from '../metrics/pairwise/pair-score-table.js';
import { finishedImages, rowAt } from '../metrics/statistics/summary.js';
import { recordedScores } from './gate-record.js';
import { readPairs, type ReadPairs } from './read-pairs.js';
import { readRow, type ReadRow } from './read-row.js';

/** One score of all images, prompt by prompt; NaN where it has none. */
export interface GateValues {
  readonly name: string;
  readonly kind: 'pointwise' | 'pairwise';
  readonly better: 'higher' | 'lower';
  /** Of the reference; empty for a pairwise score. */
  readonly reference: Float64Array;
  /** Of the reference with other seeds, as many; empty without. */
  readonly spread: Float64Array;
  /** Pairwise, of the reference beside its own repeat; empty where it was not repeated. */
  readonly repeat: Float64Array;
  /** Of the candidate, or of the pairs. */
  readonly candidate: Float64Array;
}

/** What is read of both sides. */
export interface ReadGate {
  readonly scores: readonly GateValues[];
  /** Prompts with every score of every image. */
  readonly whole: readonly number[];
  /** Why images or scores failed, the first few. */
  readonly reasons: readonly string[];
  /** Records that are gone, or parts of them. */
  readonly missing: readonly string[];
}

const NONE = new Float64Array(0);

/** @throws QschedError (usage) for a score that neither side has */
export function readGateScores(request: LookRequest, artefacts: ArtefactStore): ReadGate {
  const { prepared, prompts, seedCount, spec } = request;
  const missing = new Set<string>();
  const shape = { prepared, promptCount: prompts, seedCount };
  const recorded = request.baseline === null ? null : recordedScores(request.baseline, artefacts);
  const reference = recorded === null ? readRow(request.reference, shape, artefacts, missing) : null;
  const candidate = readRow(request.candidate, shape, artefacts, missing);
  const spread = request.spread.length === 0 ? null : readRow(request.spread, shape, artefacts, missing);
  const pairNames = spec.scores.filter(isPairName);
  const [pairs, repeat] = [request.pairs, request.repeat].map(
    (records) => readPairs(pairNames, records, artefacts, missing).values,
  ) as [ReadPairs['values'], ReadPairs['values']];
  if (missing.size > 0) return { scores: [], whole: [], reasons: [], missing: [...missing] };
  const scores = spec.scores.map((name): GateValues => {
    if (!isPairName(name)) {
      const before = reference ?? recorded!(name).subarray(0, prompts * seedCount);
      return pointwise(name, prepared.judged, { reference: before, candidate, spread });
    }
    const { score } = pairScoreParts(name);
    const { direction: better } = PAIR_SCORE_TABLE[score];
    return {
      name,
      kind: 'pairwise',
      better,
      reference: NONE,
      spread: NONE,
      candidate: pairs[name]!,
      repeat: repeat[name]!.filter(Number.isFinite),
    };
  });
  const whole = Array.from({ length: prompts }, (_, p) => p).filter((p) =>
    scores.every((score) =>
      [score.reference, score.candidate, score.spread].every((values) =>
        values.subarray(p * seedCount, (p + 1) * seedCount).every(Number.isFinite),
      ),
    ),
  );
  return { scores, whole, reasons: [...candidate.reasons, ...(reference?.reasons ?? [])].slice(0, 2), missing: [] };
}

/** The objective of a score of one image. @throws QschedError (usage) if there is none */
export function judgedBy(name: string, judged: LookRequest['prepared']['judged']): JudgedObjective {
  const found = name === OBJECTIVE_SCORE ? judged[0] : judged.slice(1).find(({ scorer }) => scorer === name);
  if (found !== undefined) return found;
  const own = judged[0]?.scorer === name ? ` It is the objective's own scorer: name ${OBJECTIVE_SCORE}.` : '';
  throw new QschedError('usage', `The gate has no score "${name}".${own}`, 'See npx qsched scores.');
}

function pointwise(
  name: string,
  judged: LookRequest['prepared']['judged'],
  {
    reference,
    candidate,
    spread,
  }: { readonly reference: ReadRow | Float64Array; readonly candidate: ReadRow; readonly spread: ReadRow | null },
): GateValues {
  const objective = createObjective(judgedBy(name, judged).plan);
  const values = ({ terms }: ReadRow): Float64Array => {
    const ok = finishedImages(terms, objective.scorers);
    return Float64Array.from(ok, (fine, i) => (fine ? objective.perImage(rowAt(terms, i)) : NaN));
  };
  return {
    name,
    kind: 'pointwise',
    better: 'higher',
    reference: reference instanceof Float64Array ? reference : values(reference),
    candidate: values(candidate),
    spread: spread === null ? NONE : values(spread),
    repeat: NONE,
  };
}

/** The scores of whole prompts, as they are judged. */
export function samplesOf(
  { scores, whole }: ReadGate,
  { spec, seedCount }: Pick<LookRequest, 'spec' | 'seedCount'>,
): GateSamples[] {
  return scores.map(({ name, kind, better, reference, candidate, spread }): GateSamples => {
    const sign = better === 'higher' ? 1 : -1;
    const rows = (values: Float64Array): number[][] =>
      whole.map((p) => Array.from(values.subarray(p * seedCount, (p + 1) * seedCount), (value) => sign * value));
    const margin = spec.margins[name];
    return kind === 'pairwise'
      ? { kind, name, values: rows(candidate), floor: sign * margin! }
      : {
          kind,
          name,
          reference: spread.length === 0 ? rows(reference) : joined(rows(reference), rows(spread)),
          candidate: rows(candidate),
          margin: margin === undefined ? { spread: spec.spread } : { absolute: margin },
        };
  });
}

const joined = (rows: readonly number[][], more: readonly number[][]): number[][] =>
  rows.map((row, i) => [...row, ...more[i]!]);
