/**
 * One shard of an evaluation: pictures of one schedule, their terms and features, all of it kept as
 * artefacts. What is there already is not made again; each picture is kept as soon as its network
 * batch is done.
 */
import type { FusedSchedule } from '../../diffusion/fused.js';
import { checkImage, type RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../spec/errors.js';
import { BLOCK, type RenderResult } from '../../spec/evaluate-payloads.js';
import { decodePicture, decodeTable, encodePicture, encodeTable, type FloatTable, type KeptPicture } from '../artefacts/artefact-formats.js';
import { numbersKey, pictureContext, pictureKey } from '../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../artefacts/artefacts.js';
import type { EngineIdentity } from './engine-identity.js';
import type { EngineControl, Pair, ScoringEngine } from './scoring-engine.js';

/** A scorer with what identifies it. */
export interface KeyedScorer {
  readonly role: string;
  readonly fingerprint: string;
}

/** What a shard is made of. */
export interface RenderJob {
  /** The engine that draws and scores: its scorers are those below. */
  readonly identity: EngineIdentity;
  readonly network: string;
  readonly schedule: FusedSchedule;
  readonly pairs: readonly Pair[];
  /** Scorers with terms. */
  readonly scorers: readonly (KeyedScorer & { readonly names: readonly string[] })[];
  readonly features: KeyedScorer | null;
  /** Pictures and scores that are kept as failures are made again. */
  readonly retryFailed: boolean;
}

/** A block as its record names it. */
export interface BlockRecord {
  /** Hash of each picture, in order. */
  readonly pictures: readonly string[];
  /** Pictures that failed, by place in the block. */
  readonly failed: readonly { readonly at: number; readonly reason: string }[];
  /** Tables of pictures x terms; rows of failed pictures are NaN. */
  readonly terms: readonly { readonly scorer: string; readonly names: readonly string[]; readonly hash: string }[];
  /** Table of pictures x features. */
  readonly features: string | null;
}

/** What a finished shard is, itself an artefact. */
export interface ShardRecord { readonly format: 'qsched-shard/1'; readonly blocks: readonly BlockRecord[] }

/** Reasons of failure that a result names. */
const MOST_REASONS = 5;

/**
 * Makes what is missing of a shard.
 *
 * @param openEngine called only where something must be drawn or scored
 * @param batch rows of a network call
 * @throws QschedError (failure) where the folder cannot be written; what was kept before stays
 */
export async function renderShard(job: RenderJob, artefacts: ArtefactStore, openEngine: () => Promise<ScoringEngine>, batch: number, control: EngineControl = {}): Promise<Omit<RenderResult, 'seconds'>> {
  const damagedBefore = artefacts.damaged();
  const context = pictureContext(job.network, job.schedule);
  const blocks: BlockRecord[] = [];
  const reasons = new Map<string, number>();
  let drawn = 0;
  for (let start = 0; start < job.pairs.length; start += BLOCK) {
    const pairs = job.pairs.slice(start, start + BLOCK);
    const share = (within: number): void => control.onProgress?.(Math.min(1, (start + within * pairs.length) / job.pairs.length));
    const made = await picturesOf(pairs, context);
    blocks.push(await numbersOf(made, pairs));
    for (const { reason } of blocks.at(-1)!.failed) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    share(1);
    await control.breathe?.();
  }
  const record: ShardRecord = { format: 'qsched-shard/1', blocks };
  return {
    record: artefacts.put(Buffer.from(JSON.stringify(record))),
    drawn, reused: job.pairs.length - drawn,
    failed: [...reasons].slice(0, MOST_REASONS).map(([reason, count]) => ({ reason, count })),
    damaged: artefacts.damaged() - damagedBefore,
  };

  /** Every picture of a block: found, or drawn and kept. */
  async function picturesOf(pairs: readonly Pair[], of: string): Promise<Kept[]> {
    const keys = pairs.map((pair) => pictureKey(of, pair));
    const kept: (Kept | undefined)[] = keys.map((key) => {
      const hash = artefacts.find(key);
      const bytes = hash === undefined ? undefined : artefacts.get(hash);
      const found = bytes === undefined ? undefined : keptAs(hash!, bytes);
      return job.retryFailed && found?.failed ? undefined : found;
    });
    const absent = kept.flatMap((one, at) => (one === undefined ? [at] : []));
    for (let first = 0; first < absent.length; first += batch) {
      const slice = absent.slice(first, first + batch);
      const engine = await openEngine();
      const [pictures] = await engine.generate([{ schedule: job.schedule, pairs: slice }], pairs, control.breathe === undefined ? {} : { breathe: control.breathe.bind(control) });
      slice.forEach((at, i) => {
        const picture = pictures![i]!;
        const hash = artefacts.put(encodePicture(picture));
        artefacts.bind(keys[at]!, hash);
        kept[at] = { hash, failed: 'failed' in picture ? picture.failed : null, image: () => shown(picture, hash) };
      });
      drawn += slice.length;
    }
    return kept as Kept[];
  }

  /** Terms and features of a block's pictures. */
  async function numbersOf(kept: readonly Kept[], pairs: readonly Pair[]): Promise<BlockRecord> {
    const hashes = kept.map(({ hash }) => hash);
    const shownAt = kept.flatMap(({ failed }, at) => (failed === null ? [at] : []));
    const between = control.breathe?.bind(control);
    const table = async (kind: 'terms' | 'features', { role, fingerprint }: KeyedScorer, columns: number | null, compute: (scorer: ScoringEngine['scorers'][number]) => Promise<readonly (Float64Array | Float32Array)[]>): Promise<string> => {
      const key = numbersKey(kind, fingerprint, hashes, pairs);
      const found = artefacts.find(key);
      const bytes = found === undefined ? undefined : artefacts.get(found);
      const known = bytes === undefined ? undefined : decodeTable(bytes);
      if (known?.rows === pairs.length && !(job.retryFailed && hasFailure(known, shownAt))) return found!;
      const rows = shownAt.length === 0 ? [] : await compute(scorerOf(await openEngine(), role));
      const hash = artefacts.put(encodeTable(tableOf(rows, columns ?? rows[0]?.length ?? 0, shownAt, pairs.length, kind)));
      artefacts.bind(key, hash);
      return hash;
    };
    const terms: BlockRecord['terms'][number][] = [];
    for (const scorer of job.scorers) {
      const hash = await table('terms', scorer, scorer.names.length, (open) => open.score(shownAt.map((at) => ({ image: kept[at]!.image(), text: pairs[at]!.text, nouns: pairs[at]!.nouns ?? null })), between));
      terms.push({ scorer: scorer.role, names: scorer.names, hash });
    }
    const features = job.features === null ? null : await table('features', job.features, null, (open) => featuresOf(open, shownAt.map((at) => kept[at]!.image()), between));
    return { pictures: hashes, failed: kept.flatMap(({ failed }, at) => (failed === null ? [] : [{ at, reason: failed }])), terms, features };
  }
}

/** A picture that is kept; decoded when somebody looks at it. */
interface Kept { readonly hash: string; readonly failed: string | null; readonly image: () => RgbImage }

/** Undefined for bytes that are no picture, whatever was bound there. */
function keptAs(hash: string, bytes: Uint8Array): Kept | undefined {
  const [isFailure, isPng] = [bytes[0] === 0x7b, bytes[0] === 0x89];
  if (isFailure) {
    const picture = decodePicture(bytes);
    return picture !== undefined && 'failed' in picture ? { hash, failed: picture.failed, image: () => shown(picture, hash) } : undefined;
  }
  return isPng ? { hash, failed: null, image: () => shown(decodePicture(bytes), hash) } : undefined;
}

function shown(picture: KeptPicture | undefined, hash: string): RgbImage {
  if (picture === undefined || 'failed' in picture) throw new QschedError('failure', `The artefact ${hash} is no picture.`, 'Remove it from the artefact folder: it is made again.');
  checkImage(picture);
  return picture;
}

function scorerOf(engine: ScoringEngine, role: string): ScoringEngine['scorers'][number] {
  const found = engine.scorers.find((scorer) => scorer.role === role);
  if (found === undefined) throw new QschedError('failure', `The engine has no scorer "${role}".`);
  return found;
}

function featuresOf(scorer: ScoringEngine['scorers'][number], images: readonly RgbImage[], between: (() => Promise<void>) | undefined): Promise<Float32Array[]> {
  if (scorer.features === undefined) throw new QschedError('usage', `The scorer "${scorer.role}" has no features: it cannot carry a Frechet distance.`, 'Name another one as features, or leave distances out with features: null (--features none).');
  return scorer.features(images, between);
}

/** Whether a scorer failed on a picture that could be shown to it. */
const hasFailure = ({ columns, values }: FloatTable, shownAt: readonly number[]): boolean => shownAt.some((at) => values.subarray(at * columns, (at + 1) * columns).some(Number.isNaN));

/** Rows in their places; NaN where a picture failed. */
function tableOf(rows: readonly (Float64Array | Float32Array)[], columns: number, places: readonly number[], count: number, kind: 'terms' | 'features'): FloatTable {
  const values = kind === 'terms' ? new Float64Array(count * columns).fill(NaN) : new Float32Array(count * columns).fill(NaN);
  rows.forEach((row, i) => values.set(row, places[i]! * columns));
  return { rows: count, columns, values };
}
