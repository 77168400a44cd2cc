/**
 * Pairwise scores of one block of pairs: reused, or computed and kept, each score on its own.
 */
import { decodeTable, encodeTable } from '../../artefacts/artefact-formats.js';
import { pairsKey } from '../../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../../artefacts/artefact-store.js';
import type { PairRecord } from '../../artefacts/pair-record.js';
import { QschedError } from '../../contract/errors.js';
import type { CompareRequest, WirePairScore } from '../../contract/wire/compare.js';
import type { RgbImage } from '../../metrics/images/image.js';
import { areSameSize, otherSizes } from '../../metrics/pairwise/same-size.js';
import { COMPARISONS, type ImagePairs } from '../scorers/compare-images.js';
import type { Scorer } from '../scorers/scorer.js';
import type { EngineControl } from './generate-blocks.js';
import { keptImage } from './kept-images.js';
import type { ShardImage } from './shard-images.js';

/** What pairs are compared with. */
export interface CompareTools {
  readonly artefacts: () => ArtefactStore;
  /** A scorer by its role. */
  readonly scorer: (role: string) => Promise<Scorer>;
  /** Throws if the score no longer has its fingerprint: its numbers are not kept then. */
  readonly refuseOther: (score: WirePairScore) => Promise<void>;
}

/** Pairs of a block. */
export interface PairBlock {
  readonly reference: readonly ShardImage[];
  readonly candidate: readonly ShardImage[];
  /** Number of the first pair, for messages. */
  readonly first: number;
}

/** Scores of a block. */
interface BlockScores {
  /** Pairs x scores. */
  readonly values: Float64Array;
  readonly failed: PairRecord['failed'];
  /** Whether anything was computed. */
  readonly compared: boolean;
  /** Records whose images are gone; nothing else counts then. */
  readonly missing: readonly string[];
}

/** All scores of a block; those that are missing are computed. @throws QschedError as `comparePairs` */
export async function pairScoresOf(
  block: PairBlock,
  { scores, retryFailed }: Pick<CompareRequest, 'scores' | 'retryFailed'>,
  tools: CompareTools,
  control: EngineControl,
): Promise<BlockScores> {
  const artefacts = tools.artefacts();
  const count = block.reference.length;
  const [reference, candidate] = [block.reference, block.candidate].map((side) => side.map(({ hash }) => hash));
  const failed = imageFailures(block);
  const whole = block.reference.flatMap((_, place) => (failed.has(place) ? [] : [place]));
  const values = new Float64Array(count * scores.length).fill(NaN);
  let loaded: Loaded | undefined;
  for (const [column, score] of scores.entries()) {
    const key = pairsKey(score.fingerprint, reference!, candidate!);
    let own = keptScores(artefacts, key, count);
    if (own === undefined || (retryFailed && whole.some((place) => !Number.isFinite(own![place]!)))) {
      loaded ??= load(block, whole, artefacts);
      if (loaded.missing.length > 0) return { values, failed: [], compared: true, missing: loaded.missing };
      own = new Float64Array(count).fill(NaN);
      const made = await compute(score, loaded.pairs, tools, control);
      for (const [i, place] of whole.entries()) own[place] = made[i]!;
      artefacts.bind(key, artefacts.put(encodeTable({ rows: count, columns: 1, values: own })));
    }
    for (const place of whole) {
      values[place * scores.length + column] = own[place]!;
      if (!Number.isFinite(own[place]!) && !failed.has(place)) failed.set(place, `${score.name} is not finite`);
    }
  }
  const listed = [...failed].sort(([a], [b]) => a - b).map(([at, reason]) => ({ at, reason }));
  return { values, failed: listed, compared: loaded !== undefined, missing: [] };
}

/** Why pairs have no scores, by place: an image of theirs failed. */
function imageFailures({ reference, candidate }: PairBlock): Map<number, string> {
  return new Map(
    reference.flatMap(({ failed }, place) => {
      const reason = failed === null ? candidate[place]!.failed : `the reference: ${failed}`;
      return reason === null ? [] : [[place, reason] as const];
    }),
  );
}

function keptScores(artefacts: ArtefactStore, key: string, count: number): Float64Array | undefined {
  const hash = artefacts.find(key);
  const bytes = hash === undefined ? undefined : artefacts.get(hash);
  const table = bytes === undefined ? undefined : decodeTable(bytes);
  return table?.rows === count && table.values instanceof Float64Array ? table.values : undefined;
}

/** Images of whole pairs, or the records whose images are gone. */
interface Loaded {
  readonly pairs: ImagePairs;
  readonly missing: readonly string[];
}

/** @throws QschedError (usage) if two images of a pair have different sizes */
function load(block: PairBlock, whole: readonly number[], artefacts: ArtefactStore): Loaded {
  const missing = new Set<string>();
  const [reference, candidate] = [block.reference, block.candidate].map((side) =>
    whole.flatMap((place): RgbImage[] => {
      const { hash, record } = side[place]!;
      const kept = keptImage(artefacts, hash);
      if (kept?.failed === null) return [kept.image()];
      missing.add(record);
      return [];
    }),
  ) as [RgbImage[], RgbImage[]];
  if (missing.size === 0) {
    reference.forEach((image, i) => {
      const other = candidate[i]!;
      if (areSameSize(image, other)) return;
      throw new QschedError(
        'usage',
        `Pair ${block.first + whole[i]! + 1}: ${otherSizes(image, other)}`,
        'Give both sides one height and one width.',
      );
    });
  }
  return { pairs: { reference, candidate }, missing: [...missing] };
}

async function compute(
  score: WirePairScore,
  pairs: ImagePairs,
  tools: CompareTools,
  { checkpoint }: EngineControl,
): Promise<Float64Array> {
  if (pairs.reference.length === 0) return new Float64Array();
  const made = await COMPARISONS[score.score](pairs, () => tools.scorer(score.scorer!), checkpoint);
  await tools.refuseOther(score);
  return made;
}
