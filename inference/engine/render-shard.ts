/**
 * One shard of an evaluation: images of one schedule, their terms and features, all of it kept as
 * artefacts. What is there already is not made again.
 */
import { BLOCK, type RenderResult } from '../../contract/evaluate-payloads.js';
import { imageContext } from '../../artefacts/artefact-keys.js';
import type { EngineControl } from './draw-blocks.js';
import type { RenderJob, RenderTools } from './shard-context.js';
import { numbersOf, type BlockRecord } from './shard-numbers.js';
import { imagesOf } from './shard-images.js';

export type { RenderJob, RenderTools } from './shard-context.js';
export type { BlockRecord } from './shard-numbers.js';

/** What a finished shard is, itself an artefact. */
export interface ShardRecord {
  readonly format: 'qsched-shard/1';
  readonly blocks: readonly BlockRecord[];
}

/** Reasons of failure that a result names. */
const MAX_REASONS = 5;

/**
 * Makes what is missing of a shard.
 *
 * @throws QschedError (failure) where the folder cannot be written, or a scorer has changed; what was kept before stays
 */
export async function renderShard(
  job: RenderJob,
  tools: RenderTools,
  control: EngineControl = {},
): Promise<Omit<RenderResult, 'seconds'>> {
  const { artefacts } = tools;
  const damagedBefore = artefacts.damaged();
  const images = imageContext(job.network, job.schedule);
  const blocks: BlockRecord[] = [];
  let drawn = 0;
  for (let start = 0; start < job.pairs.length; start += BLOCK) {
    const pairs = job.pairs.slice(start, start + BLOCK);
    const context = { ...tools, job, control };
    const made = await imagesOf(context, pairs, images);
    drawn += made.drawn;
    blocks.push(await numbersOf(context, made.kept, pairs));
    control.onProgress?.(Math.min(1, (start + pairs.length) / job.pairs.length));
    await control.checkpoint?.();
  }
  const record: ShardRecord = { format: 'qsched-shard/1', blocks };
  return {
    record: artefacts.put(Buffer.from(JSON.stringify(record))),
    drawn,
    reused: job.pairs.length - drawn,
    failed: failuresOf(blocks),
    damaged: artefacts.damaged() - damagedBefore,
  };
}

/** Failures by reason, the first few. */
function failuresOf(blocks: readonly BlockRecord[]): RenderResult['failed'] {
  const reasons = new Map<string, number>();
  for (const { failed } of blocks) {
    for (const { reason } of failed) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [...reasons].slice(0, MAX_REASONS).map(([reason, count]) => ({ reason, count }));
}
