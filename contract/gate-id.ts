/**
 * The id of a gate.
 */
import { contentId } from './content-id.js';
import type { GateSpec } from './gate-spec.js';

/** Made from its content: the same gate has the same id, whoever starts it. @param spec with its defaults */
export const gateIdOf = (spec: GateSpec): string => `gate-${contentId(spec)}`;
