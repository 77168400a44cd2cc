/** `jaq-preference`: AQ-MAP + k HPSv2 (paper, Eq. 3). */
import { part, type ObjectiveDefinition } from './objective.js';

export const jaqPreference: ObjectiveDefinition = {
  kWeighs: 'quality',
  parts: () => ({ text: [part('aq-map', 'aq-map')], quality: [part('hpsv2', 'hpsv2')] }),
};
