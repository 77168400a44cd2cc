/**
 * The two encoders of Stable Diffusion XL as one text side.
 */
import { QschedError } from '../../contract/errors.js';
import type { ClipText } from './clip-text.js';
import type { PipelineSession } from './pipeline-kind.js';
import type { TextSide } from './unet-pipeline.js';

/**
 * @param first gives states
 * @param second gives states and the pooled text
 * @returns states (L, D1 + D2) and the pooled text
 * @throws QschedError (usage) if an encoder cannot be loaded, or the two have different lengths
 */
export async function joinTexts(first: ClipText, second: ClipText, session: PipelineSession): Promise<TextSide> {
  const { length } = first;
  if (length !== second.length) {
    throw new QschedError(
      'usage',
      `${first.tokenizer} has ${length} tokens per text and ${second.tokenizer} ${second.length}.`,
      'Set the same model_max_length in both tokenizer_config.json.',
    );
  }
  const encoders = [await first.open(session), await second.open(session)] as const;
  return {
    async encode(texts, checkpoint) {
      const states = await encoders[0].encode(texts, checkpoint);
      const pooled = await encoders[1].encode(texts, checkpoint);
      return texts.map((_, i) => [beside(states[i]![0]!, pooled[i]![0]!, length), pooled[i]![1]!]);
    },
    async release() {
      for (const encoder of encoders) await encoder.release();
    },
  };
}

/** (L, A) and (L, B) as (L, A + B). */
function beside(a: Float32Array, b: Float32Array, length: number): Float32Array {
  const [left, right] = [a.length / length, b.length / length];
  const joined = new Float32Array(a.length + b.length);
  for (let t = 0; t < length; t += 1) {
    joined.set(a.subarray(t * left, (t + 1) * left), t * (left + right));
    joined.set(b.subarray(t * right, (t + 1) * right), t * (left + right) + left);
  }
  return joined;
}
