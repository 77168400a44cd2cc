/**
 * Latent consistency models: Stable Diffusion whose UNet takes `timestep_cond`, an embedding of the guidance scale. There
 * is one row per latent at any scale.
 */
import { embeddedGuidance, takesEmbedding } from './guidance-embedding.js';
import { refuseOptions } from './guidance.js';
import type { PipelineKind } from './pipeline-kind.js';
import { readStableDiffusion } from './stable-diffusion.js';

export const lcm: PipelineKind = {
  matches: (parts) => takesEmbedding(parts) && parts.graph.inputs.every(({ name }) => name !== 'text_embeds'),
  read(parts, options) {
    refuseOptions('A latent consistency model', options, {
      sequenceLength: 'its text encoder has a length of its own',
      negativePrompt: 'its guidance is distilled into the UNet',
    });
    const { timestep_cond, notes } = embeddedGuidance(parts, options);
    return readStableDiffusion(parts, options, { constants: () => ({ timestep_cond }), notes });
  },
};
