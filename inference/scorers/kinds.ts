/**
 * Every kind of scorer folder by its name, the `kind` of scorer.json; a folder without a scorer.json is a `clip`.
 */
import { aqMap } from './aq-map.js';
import { brisque } from './brisque.js';
import { clip } from './clip.js';
import { clipIqa } from './clip-iqa.js';
import { cmmd } from './cmmd.js';
import { dinov2 } from './dinov2.js';
import { hpsv2 } from './hpsv2.js';
import { httpScorer } from './http.js';
import { inception } from './inception.js';
import { lpips } from './lpips.js';
import { maniqa } from './maniqa.js';
import { moduleScorer } from './module.js';
import { pickscore } from './pickscore.js';
import type { ScorerKind, ScorerKindName } from './scorer-kind.js';

export const SCORER_KINDS: Readonly<Record<ScorerKindName, ScorerKind>> = {
  clip,
  'clip-score': clip,
  'clip-iqa': clipIqa,
  hpsv2,
  pickscore,
  'aq-map': aqMap,
  maniqa,
  brisque,
  inception,
  cmmd,
  lpips,
  dinov2,
  module: moduleScorer,
  http: httpScorer,
};
