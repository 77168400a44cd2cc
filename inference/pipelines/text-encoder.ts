/**
 * A text encoder that is opened when a text is to be encoded, and can be let go in between.
 */
import { join } from 'node:path';
import type { Row } from '../models/tensors.js';
import { sharedSession } from '../models/network-pool.js';
import type { RuntimeSession } from '../models/runtime-session.js';
import type { Checkpoint } from './pipeline.js';
import type { PipelineSession } from './pipeline-kind.js';

export interface TextEncoder {
  /**
   * @param ids token ids of each text, all of one length
   * @param outputs names of the network's outputs
   * @returns for each text, a copy of each output
   */
  encode(ids: readonly Row[], outputs: readonly string[], checkpoint?: Checkpoint): Promise<Float32Array[][]>;
  release(): Promise<void>;
}

/** Opens it at once, so that a file that cannot be loaded is reported early. @throws QschedError (usage) */
export async function openTextEncoder(
  folder: string,
  file: string,
  { batches, ...options }: PipelineSession,
): Promise<TextEncoder> {
  const open = (): Promise<RuntimeSession> => sharedSession(join(folder, file), { ...options, batch: batches.text });
  let session: RuntimeSession | null = await open();
  return {
    async encode(ids, outputs, checkpoint) {
      session ??= await open();
      const states = await session.runAll(
        ids,
        (slice) => ({ input_ids: { rows: slice, shape: [slice[0]!.length] } }),
        outputs,
        checkpoint,
      );
      // A view would keep its whole batch in memory.
      return states.map((row) => row.map((state) => state.slice()));
    },
    async release() {
      const opened = session;
      session = null;
      await opened?.release();
    },
  };
}
