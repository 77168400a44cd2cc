/**
 * What transformers with two or more text encoders have in common.
 */
import type { ModelParts } from '../models/model-parts.js';
import type { OnnxGraph } from '../models/onnx-graph.js';
import type { OpenedClip } from './clip-text.js';
import type { PipelineSession } from './pipeline-kind.js';
import type { TextSide } from './unet-pipeline.js';

/** Whether a graph has an input of this name. */
export const takes =
  ({ inputs }: OnnxGraph) =>
  (input: string): boolean =>
    inputs.some(({ name }) => name === input);

/** Axes of an input; empty if there is none of this name. */
export const axesOf = ({ graph }: ModelParts, input: string): readonly (number | string)[] =>
  graph.inputs.find(({ name }) => name === input)?.shape ?? [];

/** The output that is read: `usual`, or the only one. */
export function outputOf({ graph: { outputs } }: ModelParts, usual: string): string {
  const [first, ...more] = outputs;
  return first !== undefined && more.length === 0 ? first.name : usual;
}

/** A text encoder that is not open yet. */
interface Text {
  open(session: PipelineSession): Promise<OpenedClip>;
}

/** For each text, the outputs of several encoders, one encoder after the other. */
export async function openTexts(encoders: readonly Text[], session: PipelineSession): Promise<TextSide> {
  const opened: OpenedClip[] = [];
  for (const encoder of encoders) opened.push(await encoder.open(session));
  return {
    async encode(texts, checkpoint) {
      const found: Float32Array[][][] = [];
      for (const encoder of opened) found.push(await encoder.encode(texts, checkpoint));
      return texts.map((_, i) => found.flatMap((rows) => rows[i]!));
    },
    async release() {
      for (const encoder of opened) await encoder.release();
    },
  };
}
