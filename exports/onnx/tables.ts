/**
 * Tables of a schedule as tensors. Row 0 is the start (the first latent is initNoiseSigma z), row i + 1 is step i.
 */
import { QschedError } from '../../contract/errors.js';
import type { FusedSchedule } from '../../diffusion/fused.js';
import { toHalves } from '../../inference/models/float16.js';
import type { Arithmetic } from '../target.js';
import type { Tensor } from './messages.js';

/** The largest half. */
const HALF_MAX = 65504;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * Numbers in the type of the arithmetic, little-endian.
 *
 * @throws QschedError (usage) if a number is larger than any half
 */
export function table(name: string, values: readonly number[], dims: readonly number[], type: Arithmetic): Tensor {
  if (type === 'double') return { name, element: 'double', dims, data: bytesOf(Float64Array.from(values)) };
  if (type === 'float32') return { name, element: 'float32', dims, data: bytesOf(Float32Array.from(values)) };
  const outside = values.find((value) => Math.abs(value) > HALF_MAX);
  if (outside !== undefined) {
    throw new QschedError(
      'usage',
      `The table ${name} contains ${outside}, but float16 ends at ${HALF_MAX}.`,
      'Use --arithmetic float32, or double.',
    );
  }
  return { name, element: 'float16', dims, data: bytesOf(toHalves(values)) };
}

/** Columns of the schedule, with the row of the start. */
export interface Columns {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly n: readonly number[];
  /** One number per row, or rows of one number per channel. */
  readonly d: readonly (readonly number[])[];
  /** What the next call of the network is given: inputScale, and its timestep; 1 and 0 after the last step. */
  readonly scale: readonly number[];
  readonly timestep: readonly number[];
}

/** Columns of a schedule; offsets have as many numbers per row as the step with the most. */
export function columnsOf({ initNoiseSigma, steps }: FusedSchedule): Columns {
  const channels = Math.max(...steps.map(({ d }) => (typeof d === 'number' ? 1 : d.length)));
  const offsets = (d: number | readonly number[]): readonly number[] =>
    typeof d === 'number' ? Array.from({ length: channels }, () => d) : d;
  return {
    a: [initNoiseSigma, ...steps.map(({ a }) => a)],
    b: [0, ...steps.map(({ b }) => b)],
    n: [0, ...steps.map(({ n }) => n)],
    d: [offsets(0), ...steps.map(({ d }) => offsets(d))],
    scale: [...steps.map(({ inputScale }) => inputScale), 1],
    timestep: [...steps.map(({ timestep }) => timestep), 0],
  };
}
