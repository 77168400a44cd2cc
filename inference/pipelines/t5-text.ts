/**
 * The T5 of a pipeline: its tokenizer with its encoder. As in diffusers' FLUX and SD3 pipelines there is no attention
 * mask: padding is seen.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import type { Component } from '../models/components.js';
import type { ModelParts } from '../models/model-parts.js';
import type { NetworkFile } from '../models/network-file.js';
import { loadT5Tokenizer, t5TokenizerFiles } from '../models/t5-tokenizer.js';
import { finiteStates } from './finite-states.js';
import type { OpenedClip } from './clip-text.js';
import type { PipelineSession } from './pipeline-kind.js';
import { openTextEncoder } from './text-encoder.js';
import { textRowBytes } from './unet-memory.js';

/** The most tokens that diffusers' FLUX and SD3 pipelines take. */
const MAX_LENGTH = 512;
const OUTPUTS = ['last_hidden_state'];
const HINTS = {
  attention_mask:
    'The pipeline masks nothing: export the encoder with input_ids alone, as `optimum-cli export onnx` does.',
};

/** A tokenizer and its encoder, by their folders, with nothing loaded. */
export interface T5Text {
  /** Folder of the tokenizer, relative to the model's. */
  readonly tokenizer: string;
  /** Files beside the network that decide what it gets, relative to the model's folder. */
  readonly files: readonly string[];
  readonly network: NetworkFile;
  open(session: PipelineSession): Promise<OpenedClip>;
}

/** Tokens per text: as asked for, else `usual`. @throws QschedError (usage) if it is more than the pipeline takes */
export function sequenceLengthOf({ sequenceLength = 0 }: PipelineOptions, usual: number): number {
  if (sequenceLength <= MAX_LENGTH) return sequenceLength || usual;
  throw new QschedError(
    'usage',
    `sequenceLength is ${sequenceLength}: the model takes at most ${MAX_LENGTH} tokens of T5.`,
    `For example ${usual}.`,
  );
}

/**
 * @param length tokens per text
 * @param width values of a state, for estimates of memory
 * @throws QschedError (usage) if the tokenizer or the network is missing
 */
export function t5Text(
  parts: ModelParts,
  [tokenizer, component]: readonly [string, Component],
  { length, width }: { readonly length: number; readonly width: number },
): T5Text {
  const { folder } = parts;
  const file = parts.file(component);
  return {
    tokenizer,
    files: t5TokenizerFiles(folder, tokenizer),
    network: {
      file,
      role: 'text',
      inputs: { input_ids: { rows: 'ids', shape: [length] } },
      hints: HINTS,
      outputs: OUTPUTS,
      rowBytes: textRowBytes(length, width),
    },
    async open(session) {
      const ids = loadT5Tokenizer(join(folder, tokenizer), length);
      const encoder = await openTextEncoder(folder, file, session);
      return {
        encode: async (texts, checkpoint) =>
          finiteStates(join(folder, file), texts, await encoder.encode(ids.encode(texts), OUTPUTS, checkpoint)),
        release: () => encoder.release(),
      };
    },
  };
}
