/**
 * One row of an evaluation from its artefacts: tables are read, metrics/ does the rest.
 */
import { distancesOf, type NamedReference } from '../metrics/distances/row-distances.js';
import {
  clipScoreOf,
  compareRows,
  finishedImages,
  meanScores,
  objectiveOf,
  type Judged,
} from '../metrics/statistics/summary.js';
import { QschedError } from '../contract/errors.js';
import { scorersOf } from '../contract/objective-plan.js';
import type { SummariseRequest, SummariseResult } from '../contract/evaluate-payloads.js';
import type { JudgedObjective } from '../contract/prepared-network.js';
import type { ArtefactStore } from '../artefacts/artefact-store.js';
import { howToMake, parseReferenceFeatures, referencePath } from '../inference/models/reference-features.js';
import { readRow, type ReadRow } from './read-row.js';
import { rememberedIn } from './remembered.js';
import { rowWarnings, type RowNumbers } from './row-warnings.js';

/**
 * Means, gains, distances and their intervals. Distances are kept: each is computed once for all rows,
 * evaluations and reruns.
 *
 * @param checkpoint awaited before each distance; throws to stop
 * @returns `missing` alone counts where artefacts are gone: they must be made again
 * @throws QschedError (usage) for reference features of another length; (failure) where the folder cannot be used
 */
export async function summariseRow(
  request: SummariseRequest,
  artefacts: ArtefactStore,
  checkpoint: () => Promise<void> = async () => undefined,
): Promise<SummariseResult> {
  const { prepared } = request;
  const missing = new Set<string>();
  const row = readRow(request.records, request, artefacts, missing);
  const identity = request.identity === null ? null : readRow(request.identity, request, artefacts, missing);
  const full = request.full === null ? null : readRow(request.full, request, artefacts, missing);
  const reference = referenceOf(request, row, artefacts);

  const against = {
    reference,
    identity: identity?.features ?? null,
    full: full?.features ?? null,
    kind: prepared.features?.kind ?? null,
  };
  const complete = missing.size === 0;
  const distances = complete ? await distancesOf(row.features, against, rememberedIn(artefacts, checkpoint)) : null;
  const seen = request.schedule.seen ?? 0;
  const judged = judgedBy(request);
  const compared = identity === null || !complete ? null : compareRows(row.terms, identity.terms, judged, seen);
  const ok = finishedImages(row.terms, scorersOf(prepared.objective));
  const images = ok.filter(Boolean).length;
  const numbers = { row, hasReference: reference !== null, distances, compared, images, total: ok.length };
  return {
    row: tableRow(request, numbers),
    pValue: compared?.pValue ?? null,
    warnings: rowWarnings(request, numbers),
    missing: [...missing],
  };
}

function tableRow(request: SummariseRequest, numbers: RowNumbers): SummariseResult['row'] {
  const { prepared, schedule, label } = request;
  const { row, distances, compared, images, total } = numbers;
  return {
    model: prepared.model,
    precision: prepared.precision,
    scheduler: prepared.scheduler.type,
    steps: prepared.scheduler.steps,
    eta: prepared.scheduler.eta,
    schedule: label,
    coefficients: schedule.coefficients,
    images,
    failed: total - images,
    fid: distances?.fid?.distance ?? null,
    fidLow: distances?.fid?.low ?? null,
    fidHigh: distances?.fid?.high ?? null,
    fidFeatures: prepared.features?.name ?? null,
    fidSd: distances?.fidSd ?? null,
    kid: distances?.kid ?? null,
    cmmd: distances?.cmmd ?? null,
    ...clipScoreOf(row.terms, prepared.judged[0]!.scorer),
    ...objectiveOf(row.terms, prepared.objective),
    scores: meanScores(row.terms),
    gains: compared?.gains ?? [],
    fidGain: distances?.fidGain ?? null,
    recommend: compared?.recommend ?? null,
    pHolm: null,
    records: request.records,
  };
}

/** Statistics of real images for the features of a row; null if the model comes with none. */
function referenceOf(
  { prepared: { model, features: scorer, reference: hash } }: SummariseRequest,
  { features }: ReadRow,
  artefacts: ArtefactStore,
): NamedReference | null {
  if (scorer === null || hash === null) return null;
  const bytes = artefacts.get(hash);
  if (bytes === undefined) {
    throw new QschedError(
      'failure',
      `The statistics of real images of ${model} are not in the artefact folder.`,
      'Workers on several machines need one artefact folder: set QSCHED_ARTEFACTS to a shared folder for each of them.',
    );
  }
  const { name } = scorer;
  const reference = parseReferenceFeatures(bytes, name, `${referencePath(name)} of ${model}`);
  const dimension = features?.table.dimension;
  if (dimension !== undefined && dimension !== reference.dimension) {
    const what = `${referencePath(name)} of ${model} holds features of ${reference.dimension} values`;
    throw new QschedError('usage', `${what}, but the scorer gives ${dimension}.`, howToMake(name));
  }
  return reference;
}

/** A gain in the objective has the name of its scorer, as in a search's verdict, unless another gain has it. */
function judgedBy({ prepared: { judged } }: SummariseRequest): Judged[] {
  const [own, ...outside] = judged as [JudgedObjective, ...JudgedObjective[]];
  const taken = outside.some(({ scorer }) => scorer === own.scorer);
  return [taken ? { ...own, scorer: own.plan.type } : own, ...outside];
}
