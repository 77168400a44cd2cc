/**
 * Unconditional consistency models (UNet2DModel): sample (B, C, h, w) and timestep -> out_sample. They take no text, and
 * they sample images, or latents if the folder has a VAE. A prompt only names noise, (prompt, seed) being the seed of an
 * image: disjoint splits of prompts have disjoint noise, and statistics cluster by what the noise is named after.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { needFiles } from '../models/folder-files.js';
import type { NetworkFile } from '../models/network-file.js';
import { filesBeside, withConfig } from './expected-files.js';
import { refuseOptions } from './guidance.js';
import { latentSize } from './latent-size.js';
import type { PipelineKind } from './pipeline-kind.js';
import { unetRowBytes } from './unet-memory.js';
import { openUnetPipeline } from './unet-pipeline.js';
import { decoderNetwork, openDecoder, vaeFactor, vaeScale } from './vae.js';

const HINTS = {
  class_labels: 'Class-conditional models are not supported: use an unconditional one (num_class_embeds: null).',
};
const USUAL = { channels: 3, side: 64 };
const NOTE = 'The model reads no text: a prompt only names the noise of its images.';
/** Of an image. */
const RGB = 3;

export const consistency: PipelineKind = {
  matches: ({ graph }) => {
    const inputs = graph.inputs.map(({ name }) => name).filter((name) => name !== 'class_labels');
    return inputs.length === 2 && inputs.includes('sample') && inputs.includes('timestep');
  },
  read(parts, options) {
    const { folder } = parts;
    refuseOptions('An unconditional model', options, {
      guidance: 'it takes no text',
      negativePrompt: 'it takes no text',
      sequenceLength: 'it takes no text',
    });
    const decodes = parts.has('vae_decoder');
    const vae = decodes ? vaeScale(parts) : { scale: 1, shift: 0, notes: [], preprocessing: {} };
    const { shape, notes } = latentSize(parts, decodes ? vaeFactor(parts) : 1, options, USUAL);
    if (!decodes && shape[0] !== RGB) {
      throw new QschedError(
        'usage',
        `${join(folder, parts.network)} samples ${shape[0]} channels, which is no image, and there is no vae_decoder/model.onnx.`,
        'Export the model with its VAE.',
      );
    }
    const denoiser: NetworkFile = {
      file: parts.network,
      role: 'denoiser',
      inputs: { sample: { rows: 'values', shape }, timestep: 'number' },
      hints: HINTS,
      outputs: ['out_sample'],
      rowBytes: unetRowBytes(parts.config('unet'), shape[1], shape[2]),
    };
    return {
      files: [
        ...filesBeside(parts, ['model_index.json', 'unet/config.json']),
        parts.network,
        ...(decodes ? withConfig(parts, 'vae_decoder') : []),
        ...needFiles(folder, ['scheduler/scheduler_config.json']),
      ],
      latentShape: shape,
      networks: [denoiser, ...(decodes ? [decoderNetwork(parts, shape)] : [])],
      tokenizers: [],
      preprocessing: vae.preprocessing,
      notes: [NOTE, ...notes, ...vae.notes],
      open: (session) =>
        openUnetPipeline(
          parts,
          {
            latentShape: shape,
            conditioned: [],
            openDecoder: decodes ? (own) => openDecoder(parts, shape, own, vae) : undefined,
          },
          session,
        ),
    };
  },
};
