/**
 * What a model folder holds at one precision, before its kind is known: networks, configs, tokenizers. A model's
 * precisions are the variants of its denoiser.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { findComponents, type Component, type Variants } from './components.js';
import { lacks, optionalJson, REFERENCE_PRECISION } from './folder-files.js';
import { readGraph, type OnnxGraph } from './onnx-graph.js';

/** Full precision where a model has no float32. */
const HALF_PRECISION = 'fp16';
/** Of NVIDIA's exports, such as FLUX.1-schnell-onnx. */
const TENSORRT_FOLDER = 'transformer.opt';
const DENOISERS: readonly Component[] = ['transformer', 'unet'];

/** The denoiser of a folder and its precisions. */
export interface Denoiser {
  readonly component: Component;
  /** Precision -> file, sorted by precision. */
  readonly files: Variants;
}

/** A folder at one precision. */
export interface ModelParts {
  readonly folder: string;
  readonly precision: string;
  readonly denoiser: Denoiser;
  /** The denoiser's file. */
  readonly network: string;
  /** Its inputs and outputs. */
  readonly graph: OnnxGraph;
  has(component: Component): boolean;
  /**
   * The file of a network beside the denoiser: the one without a suffix, else the one of the denoiser's precision, else
   * float16, else the only one.
   *
   * @throws QschedError (usage) if there is none, or no way to choose
   */
  file(component: Component): string;
  /** `<component>/config.json`; empty if there is none. */
  config(component: Component): Readonly<Record<string, unknown>>;
}

/**
 * The denoiser of a folder. A file without a suffix is `fp32`, or `fp16` if it takes and gives float16.
 *
 * @throws QschedError (usage) if there is none, or its file is not an ONNX model
 */
export function denoiserOf(folder: string): Denoiser {
  const components = findComponents(folder);
  const component = DENOISERS.find((one) => components.has(one));
  if (component === undefined) throw noDenoiser(folder);
  const variants = components.get(component)!;
  const named = [...variants].map(([variant, file]): [string, string] => [
    variant === '' ? plainPrecision(join(folder, file), variants) : variant,
    file,
  ]);
  return { component, files: new Map(named.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function plainPrecision(path: string, variants: Variants): string {
  const { inputs, outputs } = readGraph(path);
  const half = [...inputs, ...outputs].some(({ type }) => type === 'float16');
  return half && !variants.has(HALF_PRECISION) ? HALF_PRECISION : REFERENCE_PRECISION;
}

/** The full-precision network: float32, else float16; null if a folder has neither. */
export const referenceOf = (precisions: readonly string[]): string | null =>
  [REFERENCE_PRECISION, HALF_PRECISION].find((one) => precisions.includes(one)) ?? null;

/** Whether a precision is a full one. */
export const isFullPrecision = (precision: string): boolean =>
  precision === REFERENCE_PRECISION || precision === HALF_PRECISION;

function noDenoiser(folder: string): QschedError {
  if (existsSync(join(folder, TENSORRT_FOLDER))) {
    return new QschedError(
      'usage',
      `The model folder ${folder} holds networks for TensorRT (${TENSORRT_FOLDER}/), with bfloat16 inputs and outputs, which ` +
        'ONNX Runtime does not take in Node.',
      'Export the PyTorch checkpoint: python tools/export_model.py CHECKPOINT OUTPUT --dtype fp16.',
    );
  }
  const weights = existsSync(folder) && readdirSync(folder, { recursive: true }).map(String);
  const torch = weights && weights.find((file) => file.endsWith('.safetensors'));
  return typeof torch === 'string'
    ? new QschedError(
        'usage',
        `The model folder ${folder} holds PyTorch weights (${torch}) and no ONNX networks.`,
        `Export it: python tools/export_model.py ${folder} OUTPUT, or optimum-cli export onnx --model ${folder} OUTPUT.`,
      )
    : lacks(folder, 'unet/model.onnx or transformer/model.onnx');
}

/** @throws QschedError (usage): no denoiser at this precision, or a file that is not an ONNX model */
export function modelParts(folder: string, precision: string, denoiser = denoiserOf(folder)): ModelParts {
  const network = denoiser.files.get(precision);
  if (network === undefined) throw lacks(folder, `${denoiser.component}/model_${precision}.onnx`);
  const components = findComponents(folder);
  return {
    folder,
    precision,
    denoiser,
    network,
    graph: readGraph(join(folder, network)),
    has: (component) => components.has(component),
    file(component) {
      const variants = components.get(component) ?? new Map<string, string>();
      const only = variants.size === 1 ? [...variants.values()][0] : undefined;
      const found = variants.get('') ?? variants.get(precision) ?? variants.get(HALF_PRECISION) ?? only;
      if (found !== undefined) return found;
      if (variants.size === 0) throw lacks(folder, `${component}/model.onnx`);
      throw new QschedError(
        'usage',
        `${folder} has ${[...variants.values()].join(', ')}, and no ${component} without a suffix.`,
        `Copy or link the one to use to ${component}/model.onnx.`,
      );
    },
    config: (component) => optionalJson(folder, `${component}/config.json`),
  };
}
