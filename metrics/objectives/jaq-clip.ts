/** `jaq-clip`: 2.5 max(cos, 0) + k CLIP-IQA(quality) per image, then the mean. */
import { part, type ObjectiveDefinition } from './objective.js';

export const jaqClip: ObjectiveDefinition = {
  kWeighs: 'quality',
  parts: ({ scorer }) => ({ text: [part(scorer, 'cosine', 'hessel')], quality: [part(scorer, 'clip-iqa.quality')] }),
};
