/** `iq`: CLIP-IQA(quality) alone, for models without text. */
import { part, type ObjectiveDefinition } from './objective.js';

export const iq: ObjectiveDefinition = {
  kWeighs: null,
  parts: ({ scorer }) => ({ text: [], quality: [part(scorer, 'clip-iqa.quality')] }),
};
