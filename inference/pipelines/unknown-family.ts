/**
 * What to say of a folder that is of no kind: by the class in the denoiser's config.json, else by its inputs.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { ModelParts } from '../models/model-parts.js';

/** A family that is known by name and cannot be sampled. */
interface KnownFamily {
  readonly name: string;
  /** Of diffusers 0.42.1. */
  readonly className: string;
  /** Inputs that it alone has, among those that no kind here matches. */
  readonly inputs: readonly string[];
  readonly lacks: string;
}

const FAMILIES: readonly KnownFamily[] = [
  {
    name: 'Chroma',
    className: 'ChromaTransformer2DModel',
    inputs: ['img_ids', 'txt_ids', 'attention_mask'],
    lacks: 'T5 with an attention mask, and no CLIP',
  },
  {
    name: 'FLUX.2',
    className: 'Flux2Transformer2DModel',
    inputs: ['img_ids', 'txt_ids'],
    lacks:
      'states of a language model (Qwen3 or Mistral, behind a chat template), and latents normalised by the statistics of its VAE',
  },
  {
    name: 'Z-Image',
    className: 'ZImageTransformer2DModel',
    inputs: ['cap_feats'],
    lacks: 'states of a language model (Qwen3, behind a chat template) in as many rows as the text has tokens',
  },
  {
    name: 'Qwen-Image',
    className: 'QwenImageTransformer2DModel',
    inputs: ['encoder_hidden_states_mask'],
    lacks: 'states of a language model (Qwen2.5-VL, behind a chat template), and a video VAE',
  },
  {
    name: 'SANA',
    className: 'SanaTransformer2DModel',
    inputs: ['encoder_attention_mask'],
    lacks: 'states of a language model (Gemma 2) with their mask, and a deep-compression autoencoder',
  },
];

/** The error for a folder that none of the kinds matches. @param kinds names of the families that can be sampled */
export function unknownFamily(parts: ModelParts, kinds: readonly string[]): QschedError {
  const { graph, denoiser, folder, network } = parts;
  const path = join(folder, network);
  const className = parts.config(denoiser.component)['_class_name'];
  const names = graph.inputs.map(({ name }) => name);
  const family =
    FAMILIES.find((one) => one.className === className) ??
    (className === undefined
      ? FAMILIES.find(({ inputs }) => inputs.every((input) => names.includes(input)))
      : undefined);
  if (family !== undefined) {
    return new QschedError(
      'usage',
      `${path} is a ${family.name} transformer, a family that cannot be sampled yet: it takes ${family.lacks}.`,
      `Families that can be: ${kinds.join(', ')}.`,
    );
  }
  const stated = typeof className === 'string' ? ` (${className})` : '';
  return new QschedError(
    'usage',
    `${path}${stated} takes ${names.join(', ')}: that is none of the families ${kinds.join(', ')}.`,
    'Export the model again in the diffusers/Optimum ONNX layout, with its own names of inputs.',
  );
}
