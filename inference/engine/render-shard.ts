/**
 * One shard of an evaluation: images of one schedule, their terms and features, all of it kept as
 * artefacts. What is there already is not made again.
 */
import { BLOCK_IMAGES, type RenderResult } from '../../contract/wire/render.js';
import type { EngineControl } from './generate-blocks.js';
import type { RenderJob, RenderTools } from './shard-context.js';
import { numbersOf, type BlockRecord } from './shard-numbers.js';
import { keptImages } from './kept-images.js';

export type { RenderJob, RenderTools } from './shard-context.js';
export type { BlockRecord } from './shard-numbers.js';

/** What a finished shard is, itself an artefact. */
export interface ShardRecord {
  readonly format: 'qsched-shard/2';
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
): Promise<Pick<RenderResult, 'record' | 'generated' | 'reused' | 'failed' | 'damaged'>> {
  const { artefacts } = tools;
  const damagedBefore = artefacts.damaged();
  const blocks: BlockRecord[] = [];
  let generated = 0;
  for (let start = 0; start < job.pairs.length; start += BLOCK_IMAGES) {
    const pairs = job.pairs.slice(start, start + BLOCK_IMAGES);
    const context = { ...tools, job, control };
    const made = await keptImages(job, pairs, tools, control);
    generated += made.generated;
    blocks.push(await numbersOf(context, made.kept, pairs));
    control.onProgress?.(Math.min(1, (start + pairs.length) / job.pairs.length));
    await control.checkpoint?.();
  }
  const record: ShardRecord = { format: 'qsched-shard/2', blocks };
  return {
    record: artefacts.put(Buffer.from(JSON.stringify(record))),
    generated,
    reused: job.pairs.length - generated,
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
