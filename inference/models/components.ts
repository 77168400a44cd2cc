/**
 * The networks of a model folder, whatever its layout:
 *
 *   diffusers/Optimum   unet/model.onnx  unet/model_w4a8.onnx  text_encoder_2/model.onnx  vae_decoder/model.onnx
 *   transformers.js     onnx/unet_fp16.onnx  onnx/unet/model_q4f16.onnx  unet/onnx/model_q4.onnx
 *   flat                unet_model_q4f16.onnx  vae_decoder_model_f16.onnx
 *
 * What follows the component's name is the variant, named as it is found: `w4a8`, `fp16`, `q4f16`, `W8A8-svd`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { posix, join } from 'node:path';

/** Networks of pipelines, by diffusers' names; the denoisers first. */
const COMPONENTS = ['transformer', 'unet', 'text_encoder', 'text_encoder_2', 'text_encoder_3', 'vae_decoder'] as const;
export type Component = (typeof COMPONENTS)[number];

/** Variant -> file relative to the model's folder; '' is a file without a suffix. */
export type Variants = ReadonlyMap<string, string>;

const SUFFIX = '(?:[-_.]([A-Za-z0-9][A-Za-z0-9._-]*))?\\.onnx$';
/** Inside the folder of a component. */
const INSIDE = new RegExp(`^model${SUFFIX}`);
/** Beside others; the longest name first, since `text_encoder_2` is no variant of `text_encoder`. */
const BESIDE = new RegExp(`^(${COMPONENTS.toSorted((a, b) => b.length - a.length).join('|')})(?:_model)?${SUFFIX}`);

/** Networks of a folder with their variants, in the order of their files' names. */
export function findComponents(folder: string): ReadonlyMap<Component, Variants> {
  const found = new Map<Component, Map<string, string>>();
  const add = (component: Component, variant: string | undefined, file: string): void => {
    const variants = found.get(component) ?? new Map<string, string>();
    found.set(component, variants);
    if (!variants.has(variant ?? '')) variants.set(variant ?? '', file);
  };
  for (const component of COMPONENTS) {
    for (const place of [component, `onnx/${component}`, `${component}/onnx`]) {
      for (const name of filesIn(join(folder, place))) {
        const match = INSIDE.exec(name);
        if (match !== null) add(component, match[1], posix.join(place, name));
      }
    }
  }
  for (const place of ['', 'onnx']) {
    for (const name of filesIn(join(folder, place))) {
      const match = BESIDE.exec(name);
      if (match !== null) add(match[1] as Component, match[2], posix.join(place, name));
    }
  }
  return found;
}

const filesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
