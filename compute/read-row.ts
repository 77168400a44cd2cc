/**
 * The numbers of one row of an evaluation, from its shards' records and their tables.
 */
import type { RowFeatures } from '../metrics/distances/row-distances.js';
import type { TermTable } from '../metrics/statistics/summary.js';
import { QschedError } from '../contract/errors.js';
import type { SummariseRequest } from '../contract/evaluate-payloads.js';
import { decodeTable, type FloatTable } from '../artefacts/artefact-formats.js';
import { hashOf } from '../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../artefacts/artefact-store.js';
import { decodeShard, type BlockRecord } from '../artefacts/shard-record.js';

/** The numbers of a row. */
export interface ReadRow {
  readonly terms: TermTable;
  readonly features: RowFeatures | null;
  /** Why images failed. */
  readonly reasons: ReadonlySet<string>;
  /** Places of the images that failed. */
  readonly failed: ReadonlySet<number>;
}

/** Scorers of a row, and how many images it has. */
interface RowShape extends Pick<SummariseRequest, 'promptCount' | 'seedCount'> {
  readonly prepared: Pick<SummariseRequest['prepared'], 'scorers'>;
}

/** A row that is being read. */
interface Reading {
  readonly images: number;
  readonly terms: { readonly scorer: string; readonly names: readonly string[]; readonly values: Float64Array }[];
  features: { readonly dimension: number; readonly data: Float32Array } | null;
  /** Hashes of the tables of features, in order: together they identify the row's features. */
  readonly tables: string[];
  readonly reasons: Set<string>;
  readonly failed: Set<number>;
}

/**
 * All images of one row, in order. What cannot be read is NaN, and its record is added to `missing`.
 *
 * @throws QschedError (failure) if features have different lengths
 */
export function readRow(
  records: readonly string[],
  { prepared, promptCount, seedCount }: RowShape,
  artefacts: ArtefactStore,
  missing: Set<string>,
): ReadRow {
  const images = promptCount * seedCount;
  const terms = prepared.scorers.map(({ role, names }) => ({
    scorer: role,
    names,
    values: new Float64Array(images * names.length).fill(NaN),
  }));
  const row: Reading = { images, terms, features: null, tables: [], reasons: new Set(), failed: new Set() };
  let at = 0;
  for (const record of records) {
    const read = (hash: string): FloatTable | undefined => {
      const bytes = artefacts.get(hash);
      const table = bytes === undefined ? undefined : decodeTable(bytes);
      if (table === undefined) missing.add(record);
      return table;
    };
    for (const block of blocksOf(record, artefacts, missing)) {
      readBlock(row, block, at, (hash) => read(hash ?? record));
      at += block.images.length;
    }
  }
  const { features, reasons, failed } = row;
  const table = features === null ? null : { rows: images, ...features };
  return {
    terms: { prompts: promptCount, seeds: seedCount, scorers: terms },
    features: table === null ? null : { name: hashOf(row.tables), seeds: seedCount, table },
    reasons,
    failed,
  };
}

/** Puts a block's numbers in their places, from image `at` on. @param read returns undefined if a table is missing */
function readBlock(
  row: Reading,
  block: BlockRecord,
  at: number,
  read: (hash: string | undefined) => FloatTable | undefined,
): void {
  for (const { at: place, reason } of block.failed) {
    row.reasons.add(reason);
    row.failed.add(at + place);
  }
  for (const { scorer, names, values } of row.terms) {
    const table = read(block.terms.find((one) => one.scorer === scorer)?.hash);
    if (table !== undefined) values.set(table.values, at * names.length);
  }
  if (block.features === null) return;
  row.tables.push(block.features);
  const table = read(block.features);
  if (table === undefined || table.columns === 0) return;
  row.features ??= { dimension: table.columns, data: new Float32Array(row.images * table.columns).fill(NaN) };
  if (table.columns !== row.features.dimension) {
    throw new QschedError(
      'failure',
      `The features of one row have ${table.columns} and ${row.features.dimension} values.`,
      'If model files were changed meanwhile, run the evaluation again.',
    );
  }
  row.features.data.set(table.values, at * table.columns);
}

function blocksOf(record: string, artefacts: ArtefactStore, missing: Set<string>): readonly BlockRecord[] {
  const bytes = artefacts.get(record);
  const blocks = bytes === undefined ? undefined : decodeShard(bytes);
  if (blocks === undefined) missing.add(record);
  return blocks ?? [];
}
