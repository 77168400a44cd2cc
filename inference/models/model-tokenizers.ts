/**
 * The tokenizers of a model, for questions about texts: how many are cut, and which are read alike.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PipelineModel } from '../pipelines/pipeline-kind.js';
import { loadClipTokenizer } from './clip-tokenizer.js';
import { readJson } from './folder-files.js';
import type { NetworkFile } from './network-file.js';
import { loadT5Tokenizer } from './t5-tokenizer.js';

/** One tokenizer of a model. */
export interface TextReader {
  /** Its folder in the model, for example `tokenizer_2`. */
  readonly name: string;
  /** Tokens that its encoder reads. */
  readonly length: number;
  /** How many texts have more tokens, so that their ends are cut; the end-of-text token stays. */
  readonly truncated: (texts: readonly string[]) => number;
  /** The ids that the encoder reads. */
  readonly ids: (text: string) => Int32Array;
}

/** What is asked of a model. */
type WithTexts = Pick<PipelineModel, 'tokenizers' | 'networks'> & { readonly folder: string };

/**
 * Loads every tokenizer of a model. The text encoders are in the order of their tokenizers and tell how many tokens they
 * take.
 *
 * @throws QschedError (usage) if a file is missing
 */
export function modelTokenizers({ folder, tokenizers, networks }: WithTexts): TextReader[] {
  const encoders = networks.filter(({ role }) => role === 'text');
  return tokenizers.map((name, i): TextReader => {
    const path = join(folder, name);
    const taken = lengthOf(encoders[i]);
    const tokenizer = isT5(path) && taken !== undefined ? loadT5Tokenizer(path, taken) : loadClipTokenizer(path, taken);
    return {
      name,
      length: tokenizer.length,
      truncated: (texts) => tokenizer.truncated(texts),
      ids: (text) => tokenizer.encode([text])[0]!,
    };
  });
}

/** The length of the rows of ids that a text encoder gets. */
function lengthOf(encoder: NetworkFile | undefined): number | undefined {
  const ids = encoder?.inputs['input_ids'];
  return typeof ids === 'object' && 'shape' in ids ? (ids.shape.at(-1) ?? undefined) : undefined;
}

/** Whether a folder's tokenizer is a SentencePiece unigram model, as T5's are. */
function isT5(path: string): boolean {
  if (!existsSync(join(path, 'tokenizer.json'))) return existsSync(join(path, 'spiece.model'));
  const { model } = readJson(path, 'tokenizer.json') as { model?: { type?: unknown } };
  return model?.type === 'Unigram';
}
