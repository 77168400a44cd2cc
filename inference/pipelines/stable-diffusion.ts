/**
 * What Stable Diffusion 1.x and 2.x and latent consistency models have in common: one CLIP, whose last state is read.
 */
import type { PipelineOptions } from '../../contract/wire/network.js';
import type { ModelParts } from '../models/model-parts.js';
import { clipText } from './clip-text.js';
import type { PipelineModel } from './pipeline-kind.js';
import { readUnetModel, type UnetFamily } from './unet-model.js';
import { vaeScale } from './vae.js';

/** Of Stable Diffusion 1.5: 512 pixels. */
const USUAL = { channels: 4, side: 64 };
const TEXT_WIDTH = 768;

/** @throws QschedError (usage): a missing file, or a size that the model does not take */
export function readStableDiffusion(
  parts: ModelParts,
  options: PipelineOptions,
  more: Pick<UnetFamily, 'guidance' | 'constants' | 'hints' | 'notes'>,
): PipelineModel {
  const width = (parts.config('unet')['cross_attention_dim'] as number | undefined) ?? TEXT_WIDTH;
  const text = clipText(parts, ['tokenizer', 'text_encoder'], ['last_hidden_state'], width);
  return readUnetModel(parts, options, {
    ...more,
    usual: USUAL,
    vae: vaeScale(parts),
    texts: [text],
    conditioned: { encoder_hidden_states: [text.length, null] },
    openTexts: (session) => text.open(session),
  });
}
