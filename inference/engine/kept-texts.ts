/**
 * What texts are conditioned on, as artefacts: a large text encoder runs once per text, for all blocks, processes,
 * searches and precisions of a model.
 */
import { join } from 'node:path';
import { decodeArrays, encodeArrays } from '../../artefacts/arrays-format.js';
import { embeddingKey, hashOf } from '../../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../../artefacts/artefact-store.js';
import { QschedError } from '../../contract/errors.js';
import type { Arithmetic } from '../fingerprint.js';
import { batchesOf } from '../models/batches.js';
import { externalFiles } from '../models/external-files.js';
import { hashFiles } from '../models/file-hashes.js';
import type { ModelFolder } from '../models/model-folder.js';
import { numericClass } from '../models/numeric-class.js';
import { weightBytes } from '../models/weight-bytes.js';
import type { KeptTexts } from './sampler.js';

/** Smaller text encoders take less time than a file does. */
const LARGE_ENCODERS = 256 * 2 ** 20;
/** Bytes that one process keeps per model: 256 prompts of FLUX with 512 tokens of T5. */
const LIMIT_BYTES = 2 ** 31;

/**
 * Embeddings of a model in the artefact folder; undefined if there is no folder, or if the encoders are small.
 *
 * @param limits for tests: size of encoders from which it is worth it, and bytes that are kept at most
 */
export async function keptTexts(
  model: ModelFolder,
  arithmetic: Arithmetic,
  artefacts: (() => ArtefactStore) | undefined,
  { large = LARGE_ENCODERS, bytes: limit = LIMIT_BYTES } = {},
): Promise<KeptTexts | undefined> {
  const encoders = model.networks.filter(({ role }) => role === 'text');
  const size = encoders.reduce((sum, { file }) => sum + weightBytes(join(model.folder, file)).files, 0);
  if (artefacts === undefined || encoders.length === 0 || size < large) return undefined;
  const store = artefacts();
  const identity = await encodersHash(model, arithmetic);
  let left = limit;
  return {
    get(text) {
      const hash = store.find(embeddingKey(identity, text));
      const bytes = hash === undefined ? undefined : store.get(hash);
      const tensors = bytes === undefined ? undefined : decodeArrays(bytes);
      return tensors && { tensors, bytes: tensors.reduce((sum, { byteLength }) => sum + byteLength, 0) };
    },
    put(text, { tensors, bytes }) {
      if (bytes > left) return;
      left -= bytes;
      try {
        store.bind(embeddingKey(identity, text), store.put(encodeArrays(tensors)));
      } catch (error) {
        // A full disk stops what must be kept; this can be computed again.
        if (!(error instanceof QschedError)) throw error;
        left = 0;
      }
    },
  };
}

/**
 * Hash of all that decides embeddings: every file of the model but those of its denoiser and decoder, the pipeline's
 * options, and the arithmetic.
 */
async function encodersHash({ folder, files, networks, options, ...model }: ModelFolder, arithmetic: Arithmetic) {
  const others = networks.filter(({ role }) => role !== 'text').map(({ file }) => file);
  const beside = new Set([...others, ...others.map((file) => `${file}_data`), ...externalFiles(folder, others)]);
  const own = files.filter((file) => !beside.has(file));
  const { text } = batchesOf({ folder, networks, latentShape: model.latentShape }, arithmetic.batch);
  return hashOf({
    files: await hashFiles(folder, own),
    options,
    numeric: numericClass(text, arithmetic.device),
    preprocessing: model.preprocessing ?? {},
  });
}
