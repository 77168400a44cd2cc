/**
 * Stable Diffusion XL (SDXL-Turbo, SDXL-Lightning, and Hyper-SD, DMD2, PCM or LCM on it):
 *
 *   tokenizer[_2]/  text_encoder[_2]/model.onnx  unet/model.onnx  vae_decoder/model.onnx  scheduler/scheduler_config.json
 *
 * encoder_hidden_states are the penultimate states of both encoders beside each other, text_embeds is the pooled text of
 * the second, time_ids = [H, W, 0, 0, H, W] in pixels. A UNet that takes `timestep_cond` gets LCM's embedding of the
 * guidance scale.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { readJson } from '../models/folder-files.js';
import type { ModelParts } from '../models/model-parts.js';
import { clipText } from './clip-text.js';
import { withConfig } from './expected-files.js';
import { embeddedGuidance, takesEmbedding } from './guidance-embedding.js';
import { guidanceOf, refuseOptions } from './guidance.js';
import { penultimateState } from './penultimate-state.js';
import type { PipelineKind } from './pipeline-kind.js';
import { joinTexts } from './sdxl-texts.js';
import { readUnetModel } from './unet-model.js';
import { vaeScale, vaeStatistics } from './vae.js';

/** 1,024 pixels. */
const USUAL = { channels: 4, side: 128 };
const SCALE = 0.13025;
const WIDTHS = [768, 1280] as const;

export const sdxl: PipelineKind = {
  matches: ({ graph }) =>
    graph.inputs.some(({ name }) => name === 'sample') &&
    graph.inputs.some(({ name }) => name === 'text_embeds' || name === 'time_ids'),
  read(parts, options) {
    refuseRefiner(parts);
    const distilled = takesEmbedding(parts);
    refuseOptions('Stable Diffusion XL', options, {
      sequenceLength: 'its text encoders have a length of their own',
      ...(distilled ? { negativePrompt: 'its guidance is distilled into the UNet' } : {}),
    });
    const { notes = [], ...embedding } = distilled ? embeddedGuidance(parts, options) : {};
    const states = (['text_encoder', 'text_encoder_2'] as const).map((encoder) => penultimateState(parts, encoder));
    const first = clipText(parts, ['tokenizer', 'text_encoder'], [states[0]!], WIDTHS[0]);
    const second = clipText(parts, ['tokenizer_2', 'text_encoder_2'], [states[1]!, 'text_embeds'], WIDTHS[1]);
    return readUnetModel(parts, options, {
      usual: USUAL,
      vae: { ...vaeScale(parts, { scale: SCALE }), statistics: vaeStatistics(parts) },
      texts: [first, second],
      textFiles: [...withConfig(parts, 'text_encoder'), ...withConfig(parts, 'text_encoder_2')],
      conditioned: { encoder_hidden_states: [first.length, null], text_embeds: [null] },
      constants: ({ pixels: [height, width] }) => ({
        time_ids: Float32Array.of(height, width, 0, 0, height, width),
        ...embedding,
      }),
      guidance: distilled ? undefined : guidanceOf(options),
      zeros: zerosForNothing(parts),
      openTexts: (session) => joinTexts(first, second, session),
      notes,
    });
  },
};

/** Whether the row without a negative prompt gets zeros, as diffusers does by default. */
function zerosForNothing({ folder }: ModelParts): boolean {
  if (!existsSync(join(folder, 'model_index.json'))) return true;
  const index = readJson(folder, 'model_index.json') as { readonly force_zeros_for_empty_prompt?: boolean };
  return index.force_zeros_for_empty_prompt ?? true;
}

/** A refiner has the second encoder alone, and an aesthetics score in time_ids. */
function refuseRefiner(parts: ModelParts): void {
  const axis = parts.graph.inputs.find(({ name }) => name === 'time_ids')?.shape[1];
  if (axis !== 5 && (parts.has('text_encoder') || !parts.has('text_encoder_2'))) return;
  throw new QschedError(
    'usage',
    `${parts.folder} is a refiner of Stable Diffusion XL, which refines images of a base model and is no text-to-image model.`,
    'Use the base model, or one that is distilled from it.',
  );
}
