/**
 * One network of a model or scorer: its file, and what is fed to it. What does not fit is found in the file, before
 * anything is loaded.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { Batches } from '../../contract/wire/network.js';
import { readGraph, type GraphValue, type OnnxGraph } from './onnx-graph.js';
import { REAL_TYPES, WHOLE_TYPES } from './tensors.js';

/** Sizes of axes; null for any size. */
type Sizes = readonly (number | null)[];

/**
 * What is fed to an input: token ids, positions (of any type) or values in rows of `shape`; one number for all rows; or
 * positions of `shape` that all rows share, without an axis for rows.
 */
export type InputKind =
  | { readonly rows: 'ids' | 'positions' | 'values'; readonly shape: Sizes }
  | 'number'
  | { readonly whole: 'positions'; readonly shape: Sizes };

export interface NetworkFile {
  /** Relative to the folder of the model or scorer. */
  readonly file: string;
  /** Whose batch it has. */
  readonly role: keyof Batches;
  readonly inputs: Readonly<Record<string, InputKind>>;
  /** What to do about inputs that are known and not fed. */
  readonly hints?: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
  /** Estimated bytes that one row takes while the network runs. */
  readonly rowBytes: number;
}

/** Inputs of a network that all rows share. */
export const sharedInputs = ({ inputs }: Pick<NetworkFile, 'inputs'>): string[] =>
  Object.entries(inputs).flatMap(([name, kind]) => (kind !== 'number' && 'whole' in kind ? [name] : []));

/**
 * Rows of one call: what the file fixes, one if rows depend on each other, else the batch.
 *
 * @param shared inputs without an axis for rows
 */
export function rowsPerCall({ inputs, rowsDepend }: OnnxGraph, batch: number, shared: readonly string[] = []): number {
  if (rowsDepend) return 1;
  const fixed = inputs
    .filter(({ name, shape }) => shape.length > 1 && !shared.includes(name))
    .map(({ shape }) => shape[0]);
  return fixed.find((size) => typeof size === 'number') ?? batch;
}

/**
 * Compares a file with what is fed to it.
 *
 * @throws QschedError (usage) naming the file and the input that does not fit
 */
export function checkNetwork(folder: string, network: NetworkFile): OnnxGraph {
  const { file, inputs, hints, outputs } = network;
  const path = join(folder, file);
  const graph = readGraph(path);
  const refuse = (what: string, hint: string): QschedError => new QschedError('usage', `${path}: ${what}.`, hint);
  const rows = rowsPerCall(graph, 0, sharedInputs(network));
  for (const input of graph.inputs) {
    const kind = Object.hasOwn(inputs, input.name) ? inputs[input.name] : undefined;
    const its = `the input "${input.name}"`;
    if (kind === undefined) {
      throw refuse(
        `${its} is unknown; qsched feeds ${Object.keys(inputs).join(', ')}`,
        hints?.[input.name] ?? 'Export the network with the inputs of diffusers/Optimum.',
      );
    }
    const allowed = typesOf(kind);
    if (!allowed.includes(input.type)) {
      throw refuse(`${its} has the type ${input.type}, not ${listed(allowed)}`, typeHint(input.type));
    }
    const misfit = misfitOf(input, kind, rows);
    if (misfit !== undefined) {
      throw refuse(`${its} has the shape [${input.shape.join(', ')}]: ${misfit}`, 'Export it again with dynamic axes.');
    }
  }
  for (const output of outputs) {
    const found = graph.outputs.find(({ name }) => name === output);
    if (found === undefined) {
      const names = graph.outputs.map(({ name }) => name).join(', ');
      throw refuse(`there is no output "${output}", only ${names}`, 'Export it with the names of diffusers/Optimum.');
    }
    if (!REAL_TYPES.includes(found.type)) {
      throw refuse(
        `the output "${output}" has the type ${found.type}, not ${listed(REAL_TYPES)}`,
        typeHint(found.type),
      );
    }
  }
  return graph;
}

/** Whether float16 is converted on the way in or out. */
export const hasHalves = ({ inputs, outputs }: OnnxGraph): boolean =>
  [...inputs, ...outputs].some(({ type }) => type === 'float16');

function typesOf(kind: InputKind): readonly string[] {
  if (kind === 'number' || 'whole' in kind || kind.rows === 'positions') return [...REAL_TYPES, ...WHOLE_TYPES];
  return kind.rows === 'ids' ? WHOLE_TYPES : REAL_TYPES;
}

function misfitOf(input: GraphValue, kind: InputKind, rows: number): string | undefined {
  if (kind === 'number') return numberMisfit(input, rows);
  if ('whole' in kind) {
    if (input.shape.length !== kind.shape.length) return `qsched feeds ${kind.shape.length} axes, none for rows`;
    return sizesMisfit(input.shape, kind.shape, 0);
  }
  return rowsMisfit(input, kind.shape, rows);
}

function rowsMisfit({ shape }: GraphValue, fed: Sizes, rows: number): string | undefined {
  const [first, ...rest] = shape;
  if (rest.length !== fed.length) return `qsched feeds ${fed.length + 1} axes, the first for rows`;
  if (typeof first === 'number' && first !== rows) return `${first} rows per call cannot be fed, only ${rows}`;
  return sizesMisfit(rest, fed, 1);
}

/** @param from number of the first axis */
function sizesMisfit(shape: GraphValue['shape'], fed: Sizes, from: number): string | undefined {
  const at = shape.findIndex((size, i) => typeof size === 'number' && fed[i] !== null && size !== fed[i]);
  return at === -1 ? undefined : `axis ${at + from} is fed with ${fed[at]} values`;
}

function numberMisfit({ shape }: GraphValue, rows: number): string | undefined {
  if (shape.length > 1) return 'qsched feeds one number, or one per row';
  const [size] = shape;
  const fits = typeof size !== 'number' || size === 1 || size === rows;
  return fits ? undefined : `${size} numbers cannot be fed, only 1 or one per row`;
}

const typeHint = (type: string): string =>
  type === 'bfloat16'
    ? 'ONNX Runtime has no bfloat16 tensors in Node: export with `optimum-cli export onnx --dtype fp16` (or fp32).'
    : 'Export it again in float32 or float16, with token ids as int64 or int32.';

const listed = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
