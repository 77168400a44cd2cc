/**
 * SD3's text: the penultimate states of two CLIPs beside each other, padded with zeros to the width of T5's states, which
 * follow along the tokens; and the pooled embeddings of both CLIPs (diffusers' `encode_prompt`).
 */
import { QschedError } from '../../contract/errors.js';
import { optionalJson } from '../models/folder-files.js';
import type { ModelParts } from '../models/model-parts.js';
import type { TextSide } from './unet-pipeline.js';

interface JoinedShape {
  /** Tokens of each CLIP. */
  readonly clipTokens: number;
  /** Tokens of T5. */
  readonly length: number;
  /** Values per token. */
  readonly width: number;
}

/** @param encoders give text_embeds and states of CLIP-L, of CLIP-G, then the states of T5, which may be missing */
export const joinedText = (encoders: TextSide, shape: JoinedShape): TextSide => ({
  release: () => encoders.release(),
  async encode(texts, checkpoint) {
    const found = await encoders.encode(texts, checkpoint);
    return found.map(([pooledL, statesL, pooledG, statesG, t5]) => {
      const pooled = new Float32Array(pooledL!.length + pooledG!.length);
      pooled.set(pooledL!);
      pooled.set(pooledG!, pooledL!.length);
      return [joined([statesL!, statesG!], t5, shape), pooled];
    });
  },
});

function joined(
  clips: readonly Float32Array[],
  t5: Float32Array | undefined,
  { clipTokens, length, width }: JoinedShape,
): Float32Array {
  const states = new Float32Array((clipTokens + length) * width);
  const widths = clips.map((clip) => clip.length / clipTokens);
  if (widths.reduce((sum, own) => sum + own, 0) > width) {
    throw new QschedError(
      'usage',
      `The states of both CLIPs have ${widths.join(' + ')} values per token, and joint_attention_dim is ${width}.`,
      'Take the text encoders of the same checkpoint as the transformer.',
    );
  }
  let column = 0;
  for (const [i, clip] of clips.entries()) {
    const own = widths[i]!;
    for (let token = 0; token < clipTokens; token += 1) {
      states.set(clip.subarray(token * own, (token + 1) * own), token * width + column);
    }
    column += own;
  }
  if (t5 !== undefined) states.set(t5, clipTokens * width);
  return states;
}

/**
 * Whether a model is run without T5: the folder has none, and model_index.json names none.
 *
 * @throws QschedError (usage) if model_index.json names one that the folder lacks
 */
export function withoutT5(parts: ModelParts): boolean {
  if (parts.has('text_encoder_3')) return false;
  const named = optionalJson(parts.folder, 'model_index.json')['text_encoder_3'];
  if (!Array.isArray(named) || named[1] === null) return true;
  throw new QschedError(
    'usage',
    `The model folder ${parts.folder} lacks text_encoder_3/model.onnx: its model_index.json names a ${String(named[1])}.`,
    'Export it as well, or set "text_encoder_3": [null, null] in model_index.json to run without T5.',
  );
}
