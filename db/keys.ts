/**
 * Identities of what is stored. Equal content has equal keys in every database.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../contract/canonical-json.js';
import type { Coefficients } from '../contract/coefficients.js';
import { promptIdentity } from '../contract/prompt-identity.js';
import { scheduleContent, type FusedDocument } from '../contract/schedule-document.js';
import type { FitInputs, FitInputs010 } from '../contract/fit-payloads.js';

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/**
 * sha256 of a prompt's UTF-8 text; of text and nouns if a scorer reads nouns and the prompt provides its own.
 *
 * @param nouns null if no scorer reads nouns, or if a tagger finds them
 */
export const promptId = (text: string, nouns: readonly string[] | null = null): string =>
  sha256(nouns === null ? promptIdentity(text) : `${promptIdentity(text)}\0${JSON.stringify(nouns)}`);

/** sha256 of the coefficients' float64 bits: steps, then c^x, then c^eps, little-endian; -0 counts as 0, as in JSON. */
export function candidateId({ sample, noise }: Coefficients): string {
  const values = Float64Array.from([sample.length, ...sample, ...noise], (value) => value + 0);
  return sha256(new Uint8Array(values.buffer));
}

/** Key of an evaluation: everything it depends on, and nothing else. */
export const evaluationKey = (context: string, candidate: string, prompt: string, seed: number): string =>
  sha256(`${context}|${candidate}|${prompt}|${seed}`);

/** Id of a schedule: sha256 of its fused steps, which determine the samples. */
export const scheduleId = (fused: FusedDocument): string => sha256(scheduleContent(fused));

/** Key of a fit: sha256 of everything that determines it. */
export const fitKey = (inputs: FitInputs | FitInputs010): string => sha256(canonicalJson(inputs));
