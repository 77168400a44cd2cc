/**
 * All schedulers by name. To add one: its name in contract/names.ts, its definition in its own file, and an entry
 * here.
 */
import type { SchedulerType } from '../contract/names.js';
import { consistency } from './consistency.js';
import { ddim } from './ddim.js';
import type { SchedulerDefinition } from './definition.js';
import { eulerAncestral } from './euler-ancestral.js';
import { euler } from './euler.js';
import { flowMatchEuler } from './flow-match-euler.js';
import { flowMatchLcm } from './flow-match-lcm.js';
import { lcm } from './lcm.js';
import { scm } from './scm.js';
import { tcd } from './tcd.js';

export const SCHEDULERS: Readonly<Record<SchedulerType, SchedulerDefinition>> = {
  tcd,
  lcm,
  ddim,
  euler,
  'euler-ancestral': eulerAncestral,
  'flow-match-euler': flowMatchEuler,
  'flow-match-lcm': flowMatchLcm,
  consistency,
  scm,
};
