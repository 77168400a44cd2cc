/**
 * All export targets by name. To add one: a file of its own, and an entry here.
 */
import { comfyui } from './comfyui.js';
import { diffusers } from './diffusers.js';
import { diffusersConfig } from './diffusers-config.js';
import { json } from './json.js';
import { onnx } from './onnx/onnx.js';
import { sdCpp } from './sd-cpp.js';
import type { ExportTarget } from './target.js';

export type ExportTargetName = 'json' | 'diffusers' | 'diffusers-config' | 'onnx' | 'comfyui' | 'sd-cpp';

export const EXPORT_TARGETS: Readonly<Record<ExportTargetName, ExportTarget>> = {
  json,
  diffusers,
  'diffusers-config': diffusersConfig,
  onnx,
  comfyui,
  'sd-cpp': sdCpp,
};
