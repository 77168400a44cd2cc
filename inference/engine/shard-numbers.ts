/**
 * Terms and features of one block's images: reused, or computed and kept.
 */
import type { RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../contract/errors.js';
import { decodeTable, encodeTable, type FloatTable } from '../../artefacts/artefact-formats.js';
import { numbersKey } from '../../artefacts/artefact-keys.js';
import type { BlockRecord } from '../../artefacts/shard-record.js';
import type { Scorer } from '../scorers/scorer.js';
import type { Kept } from './kept-images.js';
import type { Pair } from './sampling-loop.js';
import type { KeyedScorer, ShardContext } from './shard-context.js';

/** Images of a block, and their pairs. */
interface Block {
  readonly kept: readonly Kept[];
  readonly pairs: readonly Pair[];
  /** Places of the images that did not fail. */
  readonly shownAt: readonly number[];
}

/** One table: the scorer, and how its numbers are computed. */
interface TableWanted {
  readonly kind: 'terms' | 'features';
  readonly scorer: KeyedScorer;
  /** Null if it is known only from the numbers themselves. */
  readonly columns: number | null;
  compute(scorer: Scorer): Promise<readonly (Float64Array | Float32Array)[]>;
}

/** The record of a block; numbers that are missing are computed. */
export async function numbersOf(
  context: ShardContext,
  kept: readonly Kept[],
  pairs: readonly Pair[],
): Promise<BlockRecord> {
  const { job, control } = context;
  const shownAt = kept.flatMap(({ failed }, at) => (failed === null ? [at] : []));
  const block: Block = { kept, pairs, shownAt };
  const { checkpoint } = control;
  const terms: BlockRecord['terms'][number][] = [];
  for (const scorer of job.scorers) {
    const { role, names } = scorer;
    const compute = (open: Scorer): Promise<Float64Array[]> => open.score(scoredImagesIn(block), checkpoint);
    const hash = await tableOf(context, block, { kind: 'terms', scorer, columns: names.length, compute });
    terms.push({ scorer: role, names, hash });
  }
  let features: string | null = null;
  if (job.features !== null) {
    const compute = (open: Scorer): Promise<Float32Array[]> => featuresOf(open, imagesIn(block), checkpoint);
    features = await tableOf(context, block, { kind: 'features', scorer: job.features, columns: null, compute });
  }
  const failed = kept.flatMap(({ failed: reason }, at) => (reason === null ? [] : [{ at, reason }]));
  return { images: kept.map(({ hash }) => hash), failed, terms, features };
}

const imagesIn = ({ kept, shownAt }: Block): RgbImage[] => shownAt.map((at) => kept[at]!.image());

function scoredImagesIn({ kept, pairs, shownAt }: Block): Parameters<Scorer['score']>[0] {
  return shownAt.map((at) => {
    const { text, nouns } = pairs[at]!;
    return { image: kept[at]!.image(), text, nouns: nouns ?? null };
  });
}

/** The hash of a table: reused, or computed and kept. */
async function tableOf(context: ShardContext, block: Block, wanted: TableWanted): Promise<string> {
  const { job, refuseOther } = context;
  const artefacts = context.artefacts();
  const { kept, pairs, shownAt } = block;
  const { kind, scorer, columns } = wanted;
  const hashes = kept.map(({ hash }) => hash);
  const key = numbersKey(kind, scorer.fingerprint, hashes, pairs);
  const found = artefacts.find(key);
  const bytes = found === undefined ? undefined : artefacts.get(found);
  const known = bytes === undefined ? undefined : decodeTable(bytes);
  if (known?.rows === pairs.length && !(job.retryFailed && hasFailure(known, shownAt))) return found!;
  const rows = shownAt.length === 0 ? [] : await wanted.compute(await context.scorer(scorer.role));
  await refuseOther(scorer);
  const table = inPlaces(rows, columns ?? rows[0]?.length ?? 0, shownAt, pairs.length, kind);
  const hash = artefacts.put(encodeTable(table));
  artefacts.bind(key, hash);
  return hash;
}

function featuresOf(
  scorer: Scorer,
  images: readonly RgbImage[],
  checkpoint: (() => Promise<void>) | undefined,
): Promise<Float32Array[]> {
  if (scorer.features !== undefined) return scorer.features(images, checkpoint);
  const what = `The scorer "${scorer.role}" has no features, so there are no distances in it.`;
  const hint = 'Choose another scorer for features, or leave distances out with features: null (--features none).';
  throw new QschedError('usage', what, hint);
}

/** Whether a scorer failed on an image: a number is not finite although the image did not fail. */
function hasFailure({ columns, values }: FloatTable, shownAt: readonly number[]): boolean {
  return shownAt.some((at) => !values.subarray(at * columns, (at + 1) * columns).every(Number.isFinite));
}

/** Rows in their places; NaN if an image failed. */
function inPlaces(
  rows: readonly (Float64Array | Float32Array)[],
  columns: number,
  places: readonly number[],
  count: number,
  kind: 'terms' | 'features',
): FloatTable {
  const length = count * columns;
  const values = kind === 'terms' ? new Float64Array(length).fill(NaN) : new Float32Array(length).fill(NaN);
  rows.forEach((row, i) => {
    values.set(row, places[i]! * columns);
  });
  return { rows: count, columns, values };
}
