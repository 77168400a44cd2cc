/**
 * One row of an evaluation from its artefacts: tables are read, metrics/ does the rest.
 */
import { FRECHET_MINIMUM_IMAGES } from '../../metrics/distances/frechet.js';
import { distancesOf, type RowFeatures } from '../../metrics/distances/row-distances.js';
import { compareRows, finishedPictures, meanScores, objectiveOf, type Judged, type TermTable } from '../../metrics/statistics/summary.js';
import { QschedError } from '../../spec/errors.js';
import type { SummariseRequest, SummariseResult } from '../../spec/evaluate-payloads.js';
import { decodeTable, type FloatTable } from '../artefacts/artefact-formats.js';
import type { ArtefactStore } from '../artefacts/artefacts.js';
import { openModelFolder } from '../models/model-folder.js';
import { howToMake, readReferenceFeatures, referencePath } from '../artefacts/reference-features.js';
import type { BlockRecord, ShardRecord } from './render-shard.js';

/**
 * Means, gains, distances and their intervals.
 *
 * @returns `missing` alone counts where artefacts are gone: they must be made again
 */
export function summariseRow(request: SummariseRequest, artefacts: ArtefactStore): SummariseResult {
  const { prepared, schedule, label, records } = request;
  const missing = new Set<string>();
  const row = readRow(records, request, artefacts, missing);
  const identity = request.identity === null ? null : readRow(request.identity, request, artefacts, missing);
  const full = request.full === null ? null : readRow(request.full, request, artefacts, missing);
  const warnings: string[] = [];
  const about = `${prepared.model} ${prepared.precision}, ${prepared.scheduler.steps} steps, ${label}`;

  const judged: Judged[] = [{ scorer: objectiveName(prepared), plan: prepared.objective }, ...prepared.outside];
  const compared = identity === null || missing.size > 0 ? null : compareRows(row.terms, identity.terms, judged);
  const reference = prepared.features === null ? null : readReferenceFeatures(openModelFolder(prepared.model, prepared.precision).folder, prepared.features.name);
  if (prepared.features !== null && reference === null) warnings.push(`${prepared.model} comes with no reference features: no FID. It wants the file ${referencePath(prepared.features.name)} in the model's folder. ${howToMake(prepared.features.name)}`);
  const dimension = row.features?.table.dimension;
  if (reference !== null && dimension !== undefined && dimension !== reference.dimension) throw new QschedError('usage', `${referencePath(prepared.features!.name)} of ${prepared.model} holds features of ${reference.dimension} values, but the scorer gives ${dimension}.`, howToMake(prepared.features!.name));
  const distances = missing.size > 0 ? null : distancesOf(row.features, { reference, identity: identity?.features ?? null, full: full?.features ?? null, kind: prepared.features?.kind ?? null });
  warnings.push(...(distances?.warnings ?? []).map((warning) => `${about}: ${warning}`));

  const ok = finishedPictures(row.terms);
  const images = ok.filter(Boolean).length;
  if (row.reasons.size > 0 || images < ok.length) warnings.push(`${about}: ${ok.length - images} of ${ok.length} pictures failed${row.reasons.size > 0 ? ` (${[...row.reasons].slice(0, 2).join('; ')})` : ''}; the means are over the others. To try them again: --retry-failed (retryFailed: true).`);
  if (distances !== null && distances.fid !== null && images < FRECHET_MINIMUM_IMAGES) warnings.push(`A Frechet distance of fewer than ${FRECHET_MINIMUM_IMAGES} pictures is biased upwards: compare rows of equally many only.`);
  if (distances !== null && prepared.features !== null && prepared.features.kind !== 'inception') warnings.push(`Distances use the features of "${prepared.features.name}" (${prepared.features.kind}), not Inception's: they compare rows here, and no published figures.`);
  if (compared !== null && compared.lost > 0) warnings.push(`${about}: ${compared.reason}`);

  return {
    row: {
      model: prepared.model, precision: prepared.precision, scheduler: prepared.scheduler.type, steps: prepared.scheduler.steps, eta: prepared.scheduler.eta,
      schedule: label, coefficients: schedule.coefficients, images, failed: ok.length - images,
      fid: distances?.fid?.distance ?? null, fidLow: distances?.fid?.low ?? null, fidHigh: distances?.fid?.high ?? null,
      fidFeatures: prepared.features?.name ?? null,
      fidSd: distances?.fidSd ?? null, kid: distances?.kid ?? null, cmmd: distances?.cmmd ?? null,
      clipScore: clipScoreOf(row.terms, prepared.objectiveScorer),
      ...objectiveOf(row.terms, prepared.objective),
      scores: meanScores(row.terms),
      gains: compared?.gains ?? [],
      fidGain: distances?.fidGain ?? null,
      recommend: compared?.recommend ?? null,
      pHolm: null,
    },
    pValue: compared?.pValue ?? null,
    warnings,
    missing: [...missing],
  };
}

/** A gain in the objective bears the name of its scorer, as in a search's verdict, where nothing else does. */
const objectiveName = ({ objective, objectiveScorer, outside }: SummariseRequest['prepared']): string => (outside.some(({ scorer }) => scorer === objectiveScorer) ? objective.type : objectiveScorer);

/** 100 * mean cosine of the objective's CLIP, else of the first scorer that has one; not below 0. */
function clipScoreOf(table: TermTable, own: string): number | null {
  const scorer = [...table.scorers].sort((a, b) => Number(b.scorer === own) - Number(a.scorer === own)).find(({ names }) => names.includes('cosine'));
  if (scorer === undefined) return null;
  const column = scorer.names.indexOf('cosine');
  const cosines = finishedPictures(table, [scorer.scorer]).flatMap((ok, i) => (ok ? [scorer.values[i * scorer.names.length + column]!] : []));
  return cosines.length === 0 ? null : Math.max(0, (100 * cosines.reduce((sum, value) => sum + value, 0)) / cosines.length);
}

interface ReadRow { readonly terms: TermTable; readonly features: RowFeatures | null; readonly reasons: ReadonlySet<string> }

/** All pictures of one row, in order; what cannot be read is NaN, and its record missing. */
function readRow(records: readonly string[], { prepared, promptCount, seedCount }: SummariseRequest, artefacts: ArtefactStore, missing: Set<string>): ReadRow {
  const pictures = promptCount * seedCount;
  const terms = prepared.scorers.map(({ role, names }) => ({ scorer: role, names, values: new Float64Array(pictures * names.length).fill(NaN) }));
  let features: { dimension: number; data: Float32Array } | null = null;
  const reasons = new Set<string>();
  let at = 0;
  for (const record of records) {
    const read = (hash: string): FloatTable | undefined => {
      const bytes = artefacts.get(hash);
      const table = bytes === undefined ? undefined : decodeTable(bytes);
      if (table === undefined) missing.add(record);
      return table;
    };
    for (const block of blocksOf(record, artefacts, missing)) {
      for (const { reason } of block.failed) reasons.add(reason);
      for (const one of terms) {
        const table = read(block.terms.find(({ scorer }) => scorer === one.scorer)?.hash ?? record);
        if (table !== undefined) one.values.set(table.values, at * one.names.length);
      }
      const table = block.features === null ? undefined : read(block.features);
      if (table !== undefined && table.columns > 0) {
        features ??= { dimension: table.columns, data: new Float32Array(pictures * table.columns).fill(NaN) };
        if (table.columns !== features.dimension) throw new QschedError('failure', `Features of ${table.columns} and of ${features.dimension} values in one row.`, 'Were the model files changed meanwhile? Run the evaluation again.');
        features.data.set(table.values, at * table.columns);
      }
      at += block.pictures.length;
    }
  }
  return { terms: { prompts: promptCount, seeds: seedCount, scorers: terms }, features: features === null ? null : { seeds: seedCount, table: { rows: pictures, ...features } }, reasons };
}

function blocksOf(record: string, artefacts: ArtefactStore, missing: Set<string>): readonly BlockRecord[] {
  const bytes = artefacts.get(record);
  if (bytes === undefined) {
    missing.add(record);
    return [];
  }
  return (JSON.parse(Buffer.from(bytes).toString('utf8')) as ShardRecord).blocks;
}
