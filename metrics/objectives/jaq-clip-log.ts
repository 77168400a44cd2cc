/** `jaq-clip-log`: ln(100 mean cos) + k mean CLIP-IQA(quality), as in the paper's released code. */
import { part, type ObjectiveDefinition } from './objective.js';

export const jaqClipLog: ObjectiveDefinition = {
  kWeighs: 'quality',
  textOfMean: 'log',
  parts: ({ scorer }) => ({ text: [part(scorer, 'cosine', 'percent')], quality: [part(scorer, 'clip-iqa.quality')] }),
};
