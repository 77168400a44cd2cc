/**
 * One row of an evaluation from its artefacts: reads the tables; metrics/ computes the rest.
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
import { decodeReference, howToMake, referencePath } from '../artefacts/reference-statistics.js';
import { readRow, type ReadRow } from './read-row.js';
import { readRowPairs } from './row-pairs.js';
import { rememberedIn } from './remembered.js';
import { rowWarnings, type RowNumbers } from './row-warnings.js';

/**
 * Means, gains, distances and their intervals. Distances are kept as artefacts: each is computed once for all rows,
 * evaluations and reruns.
 *
 * @param checkpoint awaited before each distance; throws to stop
 * @returns if artefacts are missing, only `missing` counts: their shards must be made again
 * @throws QschedError (usage) if the reference features have another length; (failure) if the folder cannot be used
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
  const pairs = readRowPairs(request, artefacts, missing);
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
  const numbers = { row, hasReference: reference !== null, distances, compared, pairs, images, total: ok.length };
  return {
    row: tableRow(request, numbers),
    pValue: compared?.pValue ?? null,
    warnings: rowWarnings(request, numbers),
    missing: [...missing],
  };
}

function tableRow(request: SummariseRequest, numbers: RowNumbers): SummariseResult['row'] {
  const { prepared, schedule, label } = request;
  const { row, distances, compared, pairs, images, total } = numbers;
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
    ...(pairs === null ? {} : { pairwise: pairs.means, pairs: pairs.records }),
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
  const { name } = scorer;
  const reference = readReference(hash, name, model, artefacts);
  const dimension = features?.table.dimension;
  if (dimension !== undefined && dimension !== reference.dimension) {
    const what = `${referencePath(name)} of ${model} has features of ${reference.dimension} values`;
    throw new QschedError('usage', `${what}, but those of the scorer have ${dimension}.`, howToMake(name));
  }
  return reference;
}

/** The last statistics that were read: all rows of a table usually share them. */
let lastReference: { readonly hash: string; readonly reference: NamedReference } | undefined;

function readReference(hash: string, features: string, model: string, artefacts: ArtefactStore): NamedReference {
  if (lastReference?.hash === hash) return lastReference.reference;
  const bytes = artefacts.get(hash);
  if (bytes === undefined) {
    throw new QschedError(
      'failure',
      `The statistics of real images of ${model} are not in the artefact folder.`,
      'If they were removed, run the same command again. Workers on several machines need one artefact folder: set ' +
        'QSCHED_ARTEFACTS to a shared folder for each of them.',
    );
  }
  const reference = decodeReference(bytes, features, `${referencePath(features)} of ${model}`);
  lastReference = { hash, reference };
  return reference;
}

/** The objective's gain is named after its scorer, as in a search's verdict, unless another gain has that name. */
function judgedBy({ prepared: { judged } }: SummariseRequest): Judged[] {
  const [own, ...outside] = judged as [JudgedObjective, ...JudgedObjective[]];
  const taken = outside.some(({ scorer }) => scorer === own.scorer);
  return [taken ? { ...own, scorer: own.plan.type } : own, ...outside];
}
