/**
 * One step of a schedule as an ONNX graph: x' = ((a x + b m) + d) + n z in this order, with the rows of the tables picked
 * by the step's index. In double the sum is rounded once, to float32: the bits of diffusion/fused.ts.
 */
import type { FusedSchedule } from '../../diffusion/fused.js';
import type { Arithmetic, Layout } from '../target.js';
import { ELEMENT, type Element, type GraphModel, type Node, type Tensor, type Value } from './messages.js';
import { columnsOf, table, type Columns } from './tables.js';

/** Values of a packed patch per channel: 2 x 2. */
const PATCH = 4;
/** The axis that a table is gathered along. */
const ROWS = { axis: 0 };

type StepGraph = Pick<GraphModel, 'inputs' | 'outputs' | 'tensors' | 'nodes'>;

/**
 * Inputs `latents`, `noise_pred`, `step_index` (int64; -1 for the start), and `noise` if a step adds any. Outputs
 * `next_latents`, `model_input` (scaled for the next call) and `timestep` (float32, of the next call; 0 after the last).
 *
 * @throws QschedError (usage) for a number that is too large for float16
 */
export function stepGraph(schedule: FusedSchedule, arithmetic: Arithmetic, layout: Layout): StepGraph {
  const columns = columnsOf(schedule);
  const rows = columns.a.length;
  const outside: Element = arithmetic === 'float16' ? 'float16' : 'float32';
  const offset = offsetParts(columns, arithmetic, layout);
  const noisy = columns.n.some((n) => n !== 0);
  const latents = (name: string): Value => ({ name, element: outside, shape: offset.shape });
  const cast = (input: string, output: string, element: Element): Node => ({
    op: 'Cast',
    inputs: [input],
    output,
    attributes: { to: ELEMENT[element] },
  });
  const gather = (from: string, output: string): Node => ({
    op: 'Gather',
    inputs: [from, 'row'],
    output,
    attributes: ROWS,
  });
  const op = (name: string, left: string, right: string, output: string): Node => ({
    op: name,
    inputs: [left, right],
    output,
  });
  const noise: Node[] = [
    gather('N', 'n'),
    cast('noise', 'z', arithmetic),
    op('Mul', 'n', 'z', 'nz'),
    op('Add', 'axbmd', 'nz', 'sum'),
  ];
  const sum = noisy ? 'sum' : 'axbmd';
  return {
    inputs: [
      latents('latents'),
      latents('noise_pred'),
      { name: 'step_index', element: 'int64', shape: [] },
      ...(noisy ? [latents('noise')] : []),
    ],
    outputs: [latents('next_latents'), latents('model_input'), { name: 'timestep', element: 'float32', shape: [] }],
    tensors: [
      { name: 'one', element: 'int64', dims: [], data: new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]) },
      table('A', columns.a, [rows], arithmetic),
      table('B', columns.b, [rows], arithmetic),
      ...(noisy ? [table('N', columns.n, [rows], arithmetic)] : []),
      table('S', columns.scale, [rows], arithmetic),
      table('T', columns.timestep, [rows], 'float32'),
      ...offset.tensors,
    ],
    nodes: [
      op('Add', 'step_index', 'one', 'row'),
      gather('A', 'a'),
      gather('B', 'b'),
      gather('D', offset.gathered),
      ...offset.nodes,
      cast('latents', 'x', arithmetic),
      cast('noise_pred', 'm', arithmetic),
      op('Mul', 'a', 'x', 'ax'),
      op('Mul', 'b', 'm', 'bm'),
      op('Add', 'ax', 'bm', 'axbm'),
      op('Add', 'axbm', 'd', 'axbmd'),
      ...(noisy ? noise : []),
      cast(sum, 'next_latents', outside),
      gather('S', 's'),
      cast('next_latents', 'rounded', arithmetic),
      op('Mul', 's', 'rounded', 'scaled'),
      cast('scaled', 'model_input', outside),
      gather('T', 'timestep'),
    ],
  };
}

interface OffsetParts {
  /** The shape of the latents. */
  readonly shape: NonNullable<Value['shape']>;
  readonly tensors: readonly Tensor[];
  /** What the row of the table is called. */
  readonly gathered: string;
  /** From the row to `d`. */
  readonly nodes: readonly Node[];
}

/** d as it is added: a number; (C, 1, 1); or (4 C), each channel four times, as a packed patch holds them. */
function offsetParts({ d }: Columns, arithmetic: Arithmetic, layout: Layout): OffsetParts {
  const [rows, channels] = [d.length, d[0]!.length];
  const values = d.flat();
  const same = channels === 1;
  if (same || layout === 'channels') {
    return {
      shape:
        layout === 'packed'
          ? ['batch', 'patches', 'values']
          : ['batch', same ? 'channels' : channels, 'height', 'width'],
      tensors: [table('D', values, same ? [rows] : [rows, channels, 1, 1], arithmetic)],
      gathered: 'd',
      nodes: [],
    };
  }
  const shapes = (name: string, sizes: readonly bigint[]): Tensor => ({
    name,
    element: 'int64',
    dims: [sizes.length],
    data: new Uint8Array(BigInt64Array.from(sizes).buffer),
  });
  return {
    shape: ['batch', 'patches', PATCH * channels],
    tensors: [
      table('D', values, [rows, channels, 1], arithmetic),
      shapes('patch', [BigInt(channels), BigInt(PATCH)]),
      shapes('flat', [-1n]),
    ],
    gathered: 'd_channel',
    nodes: [
      { op: 'Expand', inputs: ['d_channel', 'patch'], output: 'd_patch' },
      { op: 'Reshape', inputs: ['d_patch', 'flat'], output: 'd' },
    ],
  };
}
