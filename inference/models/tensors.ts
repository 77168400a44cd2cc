/**
 * Rows of numbers to tensors of whatever type a network takes, and back to float32.
 */
import { Tensor } from 'onnxruntime-node';
import { fromHalves, toHalves } from './float16.js';

/** Numbers of one row. */
export type Row = Float32Array | Int32Array;

/** One input of a network: `shape` values per row, one number for all rows, or one tensor that all rows share. */
export type Feed =
  | { readonly rows: readonly Row[]; readonly shape: readonly number[] }
  | { readonly value: number }
  | { readonly whole: Row; readonly shape: readonly number[] };

/** Types that can be fed, and read. */
export const REAL_TYPES: readonly string[] = ['float32', 'float16', 'float64'];
export const WHOLE_TYPES: readonly string[] = ['int64', 'int32'];

/** What a session tells of an input. */
export interface InputInfo {
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/**
 * Rows, padded to `batch` with the last of them, in the input's type.
 *
 * @throws RangeError if a row has another length than its shape
 */
export function rowsTensor({ rows, shape }: Extract<Feed, { rows: unknown }>, type: string, batch: number): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  const data = new (type === 'int64' || type === 'int32' ? Int32Array : Float32Array)(batch * size);
  for (let at = 0; at < batch; at += 1) {
    const row = rows[Math.min(at, rows.length - 1)]!;
    if (row.length !== size) throw new RangeError(`a row has ${row.length} values, not ${shape.join(' x ')}`);
    data.set(row, at * size);
  }
  return tensorOf(data, type, [batch, ...shape]);
}

/** A tensor without an axis for rows, in the input's type. @throws RangeError if its values do not fill its shape */
export function wholeTensor({ whole, shape }: Extract<Feed, { whole: unknown }>, type: string): Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  if (whole.length !== size) throw new RangeError(`a tensor has ${whole.length} values, not ${shape.join(' x ')}`);
  return tensorOf(whole, type, shape);
}

/**
 * One number: as a scalar, as a vector of one, or as a vector of one per row if the size is fixed to the batch.
 *
 * @param named size of a vector on an axis with a name
 */
export function numberTensor(value: number, { type, shape }: InputInfo, batch: number, named: number): Tensor {
  const [size] = shape;
  const count = typeof size === 'string' ? named : size === batch ? batch : 1;
  const data = WHOLE_TYPES.includes(type) ? new Int32Array(count) : new Float64Array(count);
  const dims = shape.map(() => count);
  return tensorOf(data.fill(WHOLE_TYPES.includes(type) ? Math.round(value) : value), type, dims);
}

function tensorOf(data: Float32Array | Float64Array | Int32Array, type: string, dims: readonly number[]): Tensor {
  switch (type) {
    case 'int64':
      return new Tensor('int64', BigInt64Array.from(data, BigInt), dims);
    case 'int32':
      return new Tensor('int32', Int32Array.from(data), dims);
    case 'float16':
      return new Tensor('float16', toHalves(data), dims);
    case 'float64':
      return new Tensor('float64', Float64Array.from(data), dims);
    default:
      return new Tensor('float32', data instanceof Float32Array ? data : Float32Array.from(data), dims);
  }
}

/** An output as float32. @throws TypeError for another type than float32, float16 or float64 */
export function floatsOf({ type, data }: Tensor): Float32Array {
  if (type === 'float32') return data as Float32Array;
  if (type === 'float16') return fromHalves(data as Uint16Array);
  if (type === 'float64') return Float32Array.from(data as Float64Array);
  throw new TypeError(`its output is of the type ${type}`);
}
