/**
 * A look at a gate: reads the scores of both sides; metrics/gate plans and judges.
 */
import type { ArtefactStore } from '../artefacts/artefact-store.js';
import { decodeShard } from '../artefacts/shard-record.js';
import { QschedError } from '../contract/errors.js';
import type { LookRequest, LookResult, WorstPlace } from '../contract/gate-payloads.js';
import type { GateScore } from '../contract/gate-result.js';
import { LEAST_PROMPTS } from '../contract/gate-spec.js';
import type { JudgedScore } from '../metrics/gate/gate-plan.js';
import { judgeLook } from '../metrics/gate/judge-look.js';
import { planGate } from '../metrics/gate/plan-gate.js';
import { mean } from '../metrics/statistics/statistics.js';
import { gateReason } from './gate-reason.js';
import { keepRecord } from './gate-record.js';
import { judgedBy, readGateScores, samplesOf, type GateValues, type ReadGate } from './gate-samples.js';

/** Prompts that are shown per score. */
const WORST = 4;

/**
 * @returns if artefacts are missing, only `missing` counts: their shards must be made again
 * @throws QschedError: (usage) for a score that there is not; (failure) where too few prompts have every image and score
 */
export function takeLook(request: LookRequest, artefacts: ArtefactStore): LookResult {
  const read = readGateScores(request, artefacts);
  if (read.missing.length > 0) return { ...NOTHING, missing: read.missing };
  const { spec, prompts, most, seedCount } = request;
  const { whole } = read;
  const lost = prompts - whole.length;
  if (whole.length < LEAST_PROMPTS) throw tooFew(read, prompts);
  const samples = samplesOf(read, request);
  const { power, alpha, looks } = spec;
  const plan = request.plan ?? planGate(samples, { power, alpha, looks, most });
  const judged = judgeLook(samples, plan.taken.length, plan);
  const scores = judged.scores.map((score, i) => scoreOf(score, read.scores[i]!, read, request));
  const passedWithLoss = judged.verdict === 'passed' && lost > 0;
  const verdict = passedWithLoss ? 'undecided' : judged.verdict;
  return {
    plan: judged.plan,
    verdict,
    reason: gateReason({ ...judged, scores, verdict, lost, prompts, most, reasons: read.reasons }),
    scores,
    promptsToDecide: judged.promptsToDecide,
    lost,
    worst: worstOf(read, seedCount, request, artefacts),
    warnings: warningsOf(lost, prompts, read.reasons),
    baseline: request.baseline === null ? recordOf(read, request, artefacts) : null,
    missing: [],
  };
}

/** What a look says of whose artefacts are missing. */
const NOTHING: LookResult = {
  plan: {
    options: { alpha: 0, power: 0, looks: 0, most: 0, resamples: 0, seed: 0 },
    prompts: 0,
    looks: [],
    taken: [],
    power: 0,
    wanted: null,
  },
  verdict: 'continue',
  reason: '',
  scores: [],
  promptsToDecide: null,
  lost: 0,
  worst: [],
  warnings: [],
  baseline: null,
  missing: [],
};

function recordOf({ scores }: ReadGate, request: LookRequest, artefacts: ArtefactStore): string {
  const pointwise = scores.filter(({ kind }) => kind === 'pointwise');
  const recorded = pointwise.map(({ name, reference: values }) => ({
    name,
    judged: judgedBy(name, request.prepared.judged),
    values,
  }));
  return keepRecord(request, recorded, artefacts);
}

const because = (reasons: readonly string[]): string => (reasons.length === 0 ? '' : ` (${reasons.join('; ')})`);

const tooFew = ({ whole, reasons }: ReadGate, prompts: number): QschedError =>
  new QschedError(
    'failure',
    `Only ${whole.length} of ${prompts} prompts have every image and every score${because(reasons)}: a gate needs at least ${LEAST_PROMPTS}.`,
    'To try again what failed: retryFailed: true (--retry-failed).',
    true,
  );

function warningsOf(lost: number, prompts: number, reasons: readonly string[]): string[] {
  if (lost === 0) return [];
  return [
    `${lost} of ${prompts} prompts lack an image or a score${because(reasons)} and are left out; a gate that leaves prompts out does not pass. To retry them: --retry-failed (retryFailed: true).`,
  ];
}

/** In the score's own direction. */
function scoreOf(
  { estimate, low, high, floor, spread, state, prompts }: JudgedScore,
  { name, kind, better, reference, candidate, repeat }: GateValues,
  { whole }: ReadGate,
  { seedCount }: LookRequest,
): GateScore {
  const turned = better === 'lower';
  const turn = (value: number | null): number | null => (value === null ? null : turned ? -value : value);
  const meanOf = (values: Float64Array): number =>
    mean(whole.map((p) => mean(Array.from(values.subarray(p * seedCount, (p + 1) * seedCount)))));
  const pointwise = kind === 'pointwise';
  return {
    name,
    kind,
    better,
    reference: pointwise ? meanOf(reference) : null,
    candidate: pointwise ? meanOf(candidate) : null,
    estimate: turn(estimate)!,
    low: turn(turned ? high : low),
    high: turn(turned ? low : high),
    margin: pointwise ? -floor : turn(floor)!,
    spread,
    repeat: repeat.length === 0 ? null : mean(repeat),
    state: state === 'above' ? 'passed' : state === 'below' ? 'failed' : 'open',
    promptsNeeded: prompts,
  };
}

/** The images on which the candidate lost most, for every score. */
function worstOf(
  { scores, whole }: ReadGate,
  seedCount: number,
  { reference, candidate }: LookRequest,
  artefacts: ArtefactStore,
): WorstPlace[] {
  const [before, after] = [reference, candidate].map((records) => imagesOf(records, artefacts));
  return scores.flatMap((score) => {
    const places = whole.flatMap((p) => Array.from({ length: seedCount }, (_, s) => p * seedCount + s));
    const value = (i: number): number =>
      score.kind === 'pairwise' ? score.candidate[i]! : score.candidate[i]! - score.reference[i]!;
    const sign = score.better === 'higher' ? 1 : -1;
    return places
      .sort((a, b) => sign * (value(a) - value(b)) || a - b)
      .slice(0, WORST)
      .map((i) => ({
        score: score.name,
        prompt: Math.floor(i / seedCount),
        seedAt: i % seedCount,
        value: value(i),
        reference: before![i] ?? null,
        candidate: after![i] ?? null,
      }));
  });
}

const imagesOf = (records: readonly string[], artefacts: ArtefactStore): string[] =>
  records.flatMap((hash) => {
    const bytes = artefacts.get(hash);
    return ((bytes === undefined ? undefined : decodeShard(bytes)) ?? []).flatMap(({ images }) => images);
  });
