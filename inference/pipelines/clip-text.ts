/**
 * One CLIP of a pipeline: its tokenizer with its encoder.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { clipTokenizerFiles, hasOtherLength, loadClipTokenizer, tokenLength } from '../models/clip-tokenizer.js';
import type { Component } from '../models/components.js';
import type { ModelParts } from '../models/model-parts.js';
import type { NetworkFile } from '../models/network-file.js';
import { readGraph } from '../models/onnx-graph.js';
import { finiteStates } from './finite-states.js';
import type { Checkpoint } from './pipeline.js';
import type { PipelineSession } from './pipeline-kind.js';
import { openTextEncoder } from './text-encoder.js';
import { textRowBytes } from './unet-memory.js';

/** A tokenizer and its encoder, by their folders, with nothing loaded. */
export interface ClipText {
  /** Folder of the tokenizer, relative to the model's. */
  readonly tokenizer: string;
  /** Tokens per text. */
  readonly length: number;
  /** Files beside the network that decide what it gets, relative to the model's folder. */
  readonly files: readonly string[];
  readonly network: NetworkFile;
  readonly preprocessing: Readonly<Record<string, number>>;
  open(session: PipelineSession): Promise<OpenedClip>;
}

export interface OpenedClip {
  /** For each text, a copy of each output. */
  encode(texts: readonly string[], checkpoint?: Checkpoint): Promise<Float32Array[][]>;
  release(): Promise<void>;
}

/**
 * @param outputs names of the encoder's outputs to read
 * @param width values of a state, for estimates of memory
 * @throws QschedError (usage) if the tokenizer or the network is missing
 */
export function clipText(
  parts: ModelParts,
  [tokenizer, component]: readonly [string, Component],
  outputs: readonly string[],
  width: number,
): ClipText {
  const { folder } = parts;
  const path = join(folder, tokenizer);
  const file = parts.file(component);
  const own = clipTokenizerFiles(path).map((name) => `${tokenizer}/${name}`);
  const taken = encoderLength(parts, component, file);
  const length = tokenLength(path, taken);
  const other = hasOtherLength(path, taken);
  const config = `${component}/config.json`;
  return {
    tokenizer,
    length,
    files: [...own, ...(other && existsSync(join(folder, config)) ? [config] : [])],
    preprocessing: other ? { tokenLength: 1 } : {},
    network: {
      file,
      role: 'text',
      inputs: { input_ids: { rows: 'ids', shape: [length] } },
      outputs,
      rowBytes: textRowBytes(length, width),
    },
    async open(session) {
      const ids = loadClipTokenizer(path, taken);
      const encoder = await openTextEncoder(folder, file, session);
      return {
        encode: async (texts, checkpoint) =>
          finiteStates(join(folder, file), texts, await encoder.encode(ids.encode(texts), outputs, checkpoint)),
        release: () => encoder.release(),
      };
    },
  };
}

/** Tokens that an encoder takes: the fixed axis of its graph, else what its config says. */
function encoderLength(parts: ModelParts, component: Component, file: string): number | undefined {
  const axis = readGraph(join(parts.folder, file)).inputs.find(({ name }) => name === 'input_ids')?.shape[1];
  const stated = parts.config(component)['max_position_embeddings'];
  return typeof axis === 'number' ? axis : typeof stated === 'number' ? stated : undefined;
}
