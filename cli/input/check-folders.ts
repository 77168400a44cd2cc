/**
 * The folders of a gate, before anything is started.
 */
import { matchFolders } from '../../artefacts/image-folders.js';
import { readsPrompts, splitScores, type SettledGate } from '../../contract/gate-evaluation.js';

/** @throws QschedError (usage): folders of other names or sizes, or with too few images */
export function checkFolders(spec: SettledGate['spec']): void {
  const { reference, candidate, prompts, scores, margins } = spec;
  if (reference.images === undefined || candidate.images === undefined) return;
  matchFolders({
    reference: reference.images,
    candidate: candidate.images,
    spread: reference.spread ?? null,
    texts: prompts.texts ?? null,
    readsPrompts: readsPrompts(spec),
    bySpread: splitScores(scores).pointwise.find((name) => margins[name] === undefined) ?? null,
  });
}
