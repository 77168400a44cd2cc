/**
 * Terms and features of one block's images: found, or computed and kept.
 */
import type { RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../contract/errors.js';
import { decodeTable, encodeTable, type FloatTable } from '../../artefacts/artefact-formats.js';
import { numbersKey } from '../../artefacts/artefact-keys.js';
import type { Scorer } from '../scorers/scorer.js';
import type { Pair } from './sample-block.js';
import type { KeyedScorer, ShardContext } from './shard-context.js';
import type { Kept } from './kept-images.js';

/** A block as its record names it. */
export interface BlockRecord {
  /** Hash of each image, in order. */
  readonly images: readonly string[];
  /** Images that failed, by place in the block. */
  readonly failed: readonly { readonly at: number; readonly reason: string }[];
  /** Tables of images x terms; rows of failed images are NaN. */
  readonly terms: readonly { readonly scorer: string; readonly names: readonly string[]; readonly hash: string }[];
  /** Table of images x features. */
  readonly features: string | null;
}

/** Images of a block, and what they are of. */
interface Block {
  readonly kept: readonly Kept[];
  readonly pairs: readonly Pair[];
  /** Places of the images that did not fail. */
  readonly shownAt: readonly number[];
}

/** One table: whose numbers, and how they are computed. */
interface TableWanted {
  readonly kind: 'terms' | 'features';
  readonly scorer: KeyedScorer;
  /** Null where only the numbers themselves say. */
  readonly columns: number | null;
  compute(scorer: Scorer): Promise<readonly (Float64Array | Float32Array)[]>;
}

/** Makes what is missing of a block's numbers, and names them. */
export async function numbersOf(
  context: ShardContext,
  kept: readonly Kept[],
  pairs: readonly Pair[],
): Promise<BlockRecord> {
  const { job, control } = context;
  const shownAt = kept.flatMap(({ failed }, at) => (failed === null ? [at] : []));
  const block: Block = { kept, pairs, shownAt };
  const checkpoint = control.checkpoint?.bind(control);
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

/** The hash of a table: found, or computed and kept. */
async function tableOf(context: ShardContext, block: Block, wanted: TableWanted): Promise<string> {
  const { artefacts, job, openEngine, refuseOther } = context;
  const { kept, pairs, shownAt } = block;
  const { kind, scorer, columns } = wanted;
  const hashes = kept.map(({ hash }) => hash);
  const key = numbersKey(kind, scorer.fingerprint, hashes, pairs);
  const found = artefacts.find(key);
  const bytes = found === undefined ? undefined : artefacts.get(found);
  const known = bytes === undefined ? undefined : decodeTable(bytes);
  if (known?.rows === pairs.length && !(job.retryFailed && hasFailure(known, shownAt))) return found!;
  const rows = shownAt.length === 0 ? [] : await wanted.compute(scorerOf((await openEngine()).scorers, scorer.role));
  await refuseOther(scorer);
  const table = inPlaces(rows, columns ?? rows[0]?.length ?? 0, shownAt, pairs.length, kind);
  const hash = artefacts.put(encodeTable(table));
  artefacts.bind(key, hash);
  return hash;
}

function scorerOf(scorers: readonly Scorer[], role: string): Scorer {
  const found = scorers.find((scorer) => scorer.role === role);
  if (found === undefined) throw new QschedError('failure', `The engine has no scorer "${role}".`);
  return found;
}

function featuresOf(
  scorer: Scorer,
  images: readonly RgbImage[],
  checkpoint: (() => Promise<void>) | undefined,
): Promise<Float32Array[]> {
  if (scorer.features !== undefined) return scorer.features(images, checkpoint);
  const what = `The scorer "${scorer.role}" has no features: it cannot carry a Frechet distance.`;
  const hint = 'Name another one as features, or leave distances out with features: null (--features none).';
  throw new QschedError('usage', what, hint);
}

/** Whether a scorer failed on an image that could be shown to it: a number is not finite. */
function hasFailure({ columns, values }: FloatTable, shownAt: readonly number[]): boolean {
  return shownAt.some((at) => !values.subarray(at * columns, (at + 1) * columns).every(Number.isFinite));
}

/** Rows in their places; NaN where an image failed. */
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
