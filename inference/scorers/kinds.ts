/**
 * Every kind of scorer folder by its name, as `kind` in scorer.json has it; a folder without a
 * scorer.json is a `clip`.
 */
import { clip } from './clip.js';
import type { ScorerKind } from './scorer-kind.js';

export const SCORER_KINDS: Readonly<Record<string, ScorerKind>> = { clip };
