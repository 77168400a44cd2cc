/**
 * A `compare` request: images beside those of a reference, block by block. Scores are kept by the images that they are of:
 * nothing is compared twice, whoever asks.
 */
import { encodePairs, type PairRecord } from '../../artefacts/pair-record.js';
import { QschedError } from '../../contract/errors.js';
import type { CompareRequest, CompareResult } from '../../contract/wire/compare.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import { countReasons } from './failure-counts.js';
import type { EngineControl } from './generate-blocks.js';
import { pairScoresOf, type CompareTools } from './pair-scores.js';
import { shardImages, type ShardImage } from './shard-images.js';

/**
 * Compares what is not compared yet.
 *
 * @returns with `missing`, records whose shards must be made again: nothing was compared then
 * @throws QschedError: (usage) sides of different length, images of different sizes; (failure) the folder cannot be written,
 *   or a scorer has changed; what was kept before stays
 */
export async function comparePairs(
  request: CompareRequest,
  tools: CompareTools,
  control: EngineControl = {},
): Promise<Pick<CompareResult, 'record' | 'compared' | 'reused' | 'failed' | 'missing'>> {
  const { scores, from, to } = request;
  const artefacts = tools.artefacts();
  const missing = new Set<string>();
  const [reference, candidate] = [request.reference, request.candidate].map((records) =>
    shardImages(records, artefacts, missing),
  ) as [ShardImage[], ShardImage[]];
  const none = { record: null, compared: 0, reused: 0, failed: [] };
  if (missing.size > 0) return { ...none, missing: [...missing] };
  checkSides(reference.length, candidate.length, from, to);
  const failed: PairRecord['failed'][number][] = [];
  const values = new Float64Array((to - from) * scores.length);
  let compared = 0;
  for (let start = from; start < to; start += BLOCK_IMAGES) {
    const end = Math.min(to, start + BLOCK_IMAGES);
    const block = { reference: reference.slice(start, end), candidate: candidate.slice(start, end), first: start };
    const made = await pairScoresOf(block, request, tools, control);
    made.missing.forEach((record) => missing.add(record));
    values.set(made.values, (start - from) * scores.length);
    failed.push(...made.failed.map(({ at, reason }) => ({ at: at + start - from, reason })));
    compared += made.compared ? end - start : 0;
    control.onProgress?.((end - from) / (to - from));
    await control.checkpoint?.();
  }
  if (missing.size > 0) return { ...none, missing: [...missing] };
  const record = artefacts.put(
    encodePairs({
      scores: scores.map(({ name }) => name),
      reference: reference.slice(from, to).map(({ hash }) => hash),
      candidate: candidate.slice(from, to).map(({ hash }) => hash),
      failed,
      values,
    }),
  );
  return { record, compared, reused: to - from - compared, failed: countReasons(failed), missing: [] };
}

function checkSides(reference: number, candidate: number, from: number, to: number): void {
  if (reference !== candidate) {
    throw new QschedError(
      'usage',
      `The reference has ${reference} images and the candidate ${candidate}: a comparison needs the same prompts and seeds.`,
    );
  }
  if (from < to && to <= reference) return;
  throw new QschedError('usage', `Pairs ${from} to ${to} were asked for, but there are ${reference}.`);
}
