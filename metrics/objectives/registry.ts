/**
 * All objectives by name. To add one: its name in contract/names.ts, its definition in its own file, and an entry
 * here.
 */
import { OBJECTIVE_TYPES, type ObjectiveType } from '../../contract/names.js';
import { iq } from './iq.js';
import { jaqClip } from './jaq-clip.js';
import { jaqClipLog } from './jaq-clip-log.js';
import { jaqPreference } from './jaq-preference.js';
import { jaqPreferenceTables } from './jaq-preference-tables.js';
import type { ObjectiveDefinition } from './objective.js';
import { weighted } from './weighted.js';

export const OBJECTIVES: Readonly<Record<ObjectiveType, ObjectiveDefinition>> = {
  'jaq-clip': jaqClip,
  'jaq-clip-log': jaqClipLog,
  'jaq-preference': jaqPreference,
  'jaq-preference-tables': jaqPreferenceTables,
  iq,
  weighted,
};

/**
 * The term that k multiplies in an objective; null if it has no k.
 *
 * @param type also the name of a plug-in's score, which has no k
 */
export function kWeighs(type: string): ObjectiveDefinition['kWeighs'] {
  const known = OBJECTIVE_TYPES.find((one) => one === type);
  return known === undefined ? null : OBJECTIVES[known].kWeighs;
}
