/**
 * The two sides of a gate, as people read them.
 */
import type { GateSide, GateSpec } from '../../contract/gate-spec.js';

/** Reference and candidate. */
export const sidesOf = ({ reference, candidate }: GateSpec): [GateSide, GateSide] => [reference, candidate];

/** `shapes w4a8`, `shapes w4a8, search:shapes-w4a8-auto-1a2b3c4d`, or a folder. */
export function sideName({ model = '', precision, schedule = 'identity', images }: GateSide): string {
  if (images !== undefined) return images;
  const by = typeof schedule === 'string' ? schedule : schedule.name;
  const network = precision === undefined ? model : `${model} ${precision}`;
  return by === 'identity' ? network : `${network}, ${by}`;
}
