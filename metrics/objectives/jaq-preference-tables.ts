/** `jaq-preference-tables`: HPSv2 + k AQ-MAP, which the numbers in the paper's Table 2 add up to. */
import { jaqPreference } from './jaq-preference.js';
import type { ObjectiveDefinition } from './objective.js';

export const jaqPreferenceTables: ObjectiveDefinition = { ...jaqPreference, kWeighs: 'text' };
