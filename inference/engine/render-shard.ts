/**
 * One shard of an evaluation: images of one schedule, their terms and features, all of them kept as artefacts. What is
 * kept already is not made again.
 */
import { encodeShard, type BlockRecord } from '../../artefacts/shard-record.js';
import { BLOCK_IMAGES, type RenderResult } from '../../contract/wire/render.js';
import { countReasons } from './failure-counts.js';
import type { EngineControl } from './generate-blocks.js';
import { givenImages, keptImages } from './kept-images.js';
import type { RenderJob, RenderTools } from './shard-context.js';
import { numbersOf } from './shard-numbers.js';

/**
 * Makes what is missing of a shard.
 *
 * @throws QschedError (failure) if the folder cannot be written, or a scorer has changed; what was kept before stays
 */
export async function renderShard(
  job: RenderJob,
  tools: RenderTools,
  control: EngineControl = {},
): Promise<Pick<RenderResult, 'record' | 'generated' | 'reused' | 'failed' | 'damaged'>> {
  const artefacts = tools.artefacts();
  const damagedBefore = artefacts.damaged();
  const { network, schedule, retryFailed } = job;
  const blocks: BlockRecord[] = [];
  let generated = 0;
  for (let start = 0; start < job.pairs.length; start += BLOCK_IMAGES) {
    const pairs = job.pairs.slice(start, start + BLOCK_IMAGES);
    const wanted = pairs.map((pair) => ({ schedule, pair }));
    const made =
      job.images === undefined
        ? await keptImages(network, wanted, retryFailed, tools, control)
        : { kept: givenImages(job.images.slice(start, start + BLOCK_IMAGES), artefacts), generated: 0 };
    generated += made.generated;
    blocks.push(await numbersOf({ ...tools, job, control }, made.kept, pairs));
    control.onProgress?.(Math.min(1, (start + pairs.length) / job.pairs.length));
    await control.checkpoint?.();
  }
  return {
    record: artefacts.put(encodeShard(blocks)),
    generated,
    reused: job.pairs.length - generated,
    failed: countReasons(blocks.flatMap(({ failed }) => failed)),
    damaged: artefacts.damaged() - damagedBefore,
  };
}
