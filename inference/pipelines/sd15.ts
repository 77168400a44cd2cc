/**
 * Stable Diffusion 1.x and 2.x (SD-Turbo, and PCM, TCD, Hyper-SD or DMD2 on them):
 *
 *   tokenizer/  text_encoder/model.onnx  unet/model.onnx  vae_decoder/model.onnx  scheduler/scheduler_config.json
 *
 * The UNet gets sample (B, C, h, w), timestep and encoder_hidden_states (B, L, D). Without the option `guidance` there is
 * one row per latent, as few-step models are sampled; above 1 it is classifier-free guidance.
 */
import { guidanceOf, refuseOptions } from './guidance.js';
import type { PipelineKind } from './pipeline-kind.js';
import { readStableDiffusion } from './stable-diffusion.js';

/** Inputs of related models that are not fed. */
const HINTS = {
  class_labels: 'A model that is conditioned on an image or on a noise level cannot be fed; use a text-to-image model.',
};

export const sd15: PipelineKind = {
  /** Asked last: a UNet that nothing else is, so that an input which is not fed is named. */
  matches: ({ graph, denoiser }) => {
    const takes = (input: string): boolean => graph.inputs.some(({ name }) => name === input);
    return denoiser.component === 'unet' || (takes('sample') && takes('encoder_hidden_states'));
  },
  read(parts, options) {
    refuseOptions('A Stable Diffusion model', options, {
      sequenceLength: 'its text encoder has a length of its own',
    });
    return readStableDiffusion(parts, options, { hints: HINTS, guidance: guidanceOf(options) });
  },
};
