/**
 * Distances as artefacts: each is computed once, and reused by all evaluations.
 */
import type { Remember } from '../metrics/distances/row-distances.js';
import { decodeTable, encodeTable } from '../artefacts/artefact-formats.js';
import { distanceKey } from '../artefacts/artefact-keys.js';
import type { ArtefactStore } from '../artefacts/artefact-store.js';

/** @param checkpoint awaited before each answer; throws to stop */
export const rememberedIn =
  (artefacts: ArtefactStore, checkpoint: () => Promise<void>): Remember =>
  async (what, of, compute) => {
    await checkpoint();
    const key = distanceKey(what, of);
    const hash = artefacts.find(key);
    const bytes = hash === undefined ? undefined : artefacts.get(hash);
    const known = bytes === undefined ? undefined : decodeTable(bytes)?.values;
    if (known instanceof Float64Array) return known;
    const values = compute();
    try {
      artefacts.bind(key, artefacts.put(encodeTable({ rows: 1, columns: values.length, values })));
    } catch {
      // If the disk is full, the distance is computed again the next time.
    }
    return values;
  };
