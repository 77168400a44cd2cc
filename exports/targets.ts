/**
 * All export targets by name. To add one: a file of its own, and an entry here.
 */
import { json } from './json.js';
import { onnx } from './onnx/onnx.js';
import type { ExportTarget } from './target.js';

export type ExportTargetName = 'json' | 'onnx';

export const EXPORT_TARGETS: Readonly<Record<ExportTargetName, ExportTarget>> = {
  json,
  onnx,
};
