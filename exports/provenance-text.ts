/**
 * Provenance inside files of other formats: one line of text, or metadata of an ONNX model.
 */
import { canonicalJson } from '../contract/canonical-json.js';
import type { Provenance } from '../contract/provenance.js';

/** The key of the metadata, and the word that starts the line. */
export const PROVENANCE_KEY = 'qsched-provenance';

/** One line of JSON, in ASCII. */
export const provenanceText = (provenance: Provenance): string =>
  canonicalJson(provenance).replaceAll(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
