/**
 * Latents of many candidates on many (prompt, seed) pairs. What candidates share is computed once: prompt
 * embeddings, noise, the first network call of every pair, and every further prefix of equal fused steps
 * (trajectory tree).
 */
import { applyFused, type FusedStep, type FusedSchedule } from '../../diffusion/fused.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { buildTrajectoryTree, type TrajectoryTree } from '../../diffusion/trajectory-tree.js';
import type { ByteCache } from '../models/byte-cache.js';
import type { TextToImage } from '../models/text-to-image.js';

/** A prompt with a seed: one image of every candidate. */
export interface Pair {
  readonly text: string;
  readonly seed: number;
  readonly nouns?: readonly string[] | null;
}

/** One candidate: its fused schedule, and which pairs it still needs. */
export interface EngineCandidate {
  readonly schedule: FusedSchedule;
  readonly pairs: readonly number[];
}

/** The networks, and what is remembered of earlier calls. */
export interface Sampler {
  readonly networks: Pick<TextToImage, 'latentLength' | 'encodeTexts' | 'denoise'>;
  readonly channels: number;
  /** Encoder states by text. */
  readonly textStates: ByteCache;
  readonly noises: ByteCache;
  /** Outputs of the first step's network calls. */
  readonly firstCalls: ByteCache;
}

/** A trajectory: a group of candidates that share it, on one pair. */
export interface TrajectoryRow {
  readonly group: number;
  readonly pair: number;
}

/** Latents at the end of every distinct trajectory. */
export interface SampledBlock {
  readonly rows: readonly TrajectoryRow[];
  /** (C, h, w) of each row. */
  readonly states: readonly Float32Array[];
  /** The group that each candidate is in. */
  readonly groupOf: Int32Array;
}

/** What one block is sampled from. */
interface Block {
  readonly candidates: readonly EngineCandidate[];
  /** The pairs that each of them still needs. */
  readonly wants: readonly ReadonlySet<number>[];
  readonly pairs: readonly Pair[];
  /** Indices of the pairs of this block. */
  readonly block: readonly number[];
  readonly tree: TrajectoryTree;
  readonly checkpoint: () => Promise<void>;
}

/** @param block indices of the pairs to sample */
export async function sampleBlock(
  sampler: Sampler,
  candidates: readonly EngineCandidate[],
  pairs: readonly Pair[],
  block: readonly number[],
  checkpoint: () => Promise<void>,
): Promise<SampledBlock> {
  const hidden = await embed(sampler, new Set(block.map((pair) => pairs[pair]!.text)));
  const tree = buildTrajectoryTree(candidates.map(({ schedule }) => schedule));
  const { steps, initNoiseSigma } = candidates[0]!.schedule;
  const wants = candidates.map((candidate) => new Set(candidate.pairs));
  const own: Block = { candidates, wants, pairs, block, tree, checkpoint };
  let rows = rowsAt(own, 0);
  let states = rows.map(({ pair }) => {
    const z = noise(sampler, pairs[pair]!, 0);
    return initNoiseSigma === 1 ? z : z.map((v) => v * initNoiseSigma);
  });
  for (let i = 0; i < steps.length; i += 1) {
    const outputs = await networkOutputs(sampler, own, i, rows, states, hidden);
    const after = rowsAt(own, i + 1);
    states = stepped(sampler, own, i, { rows, states, outputs }, after);
    rows = after;
  }
  return { rows, states, groupOf: tree.levels[steps.length]!.groupOf };
}

/** Encoder states of a block's prompts by text; what other calls embedded is remembered within a budget. */
async function embed(
  { networks, textStates }: Sampler,
  texts: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Float32Array>> {
  const hidden = new Map<string, Float32Array>();
  for (const text of texts) {
    const found = textStates.get(text);
    if (found !== undefined) hidden.set(text, found);
  }
  const fresh = [...texts].filter((text) => !hidden.has(text));
  const states = await networks.encodeTexts(fresh);
  fresh.forEach((text, i) => {
    const own = states[i]!.slice(); // a view would keep its whole batch
    textStates.set(text, own);
    hidden.set(text, own);
  });
  return hidden;
}

/** Distinct trajectories before step `level`, pair by pair. */
function rowsAt({ candidates, wants, pairs, block, tree }: Block, level: number): TrajectoryRow[] {
  const { groupOf } = tree.levels[level]!;
  const needed = new Set<number>();
  const rows: TrajectoryRow[] = [];
  for (const pair of block) {
    candidates.forEach((_, k) => {
      const group = groupOf[k]!;
      if (!wants[k]!.has(pair) || needed.has(group * pairs.length + pair)) return;
      needed.add(group * pairs.length + pair);
      rows.push({ group, pair });
    });
  }
  return rows;
}

/** The network's output of step i for every trajectory; those of the first step are remembered. */
async function networkOutputs(
  { networks, firstCalls }: Sampler,
  { candidates, pairs, checkpoint }: Block,
  i: number,
  rows: readonly TrajectoryRow[],
  states: readonly Float32Array[],
  hidden: ReadonlyMap<string, Float32Array>,
): Promise<Float32Array[]> {
  const { steps, initNoiseSigma } = candidates[0]!.schedule;
  const { timestep, inputScale } = steps[i]!;
  const cacheKey = ({ pair }: TrajectoryRow): string =>
    `${timestep}|${inputScale}|${initNoiseSigma}|${pairs[pair]!.seed}|${pairs[pair]!.text}`;
  const outputs = new Array<Float32Array>(rows.length);
  const open = rows.flatMap((row, r) => {
    const found = i === 0 ? firstCalls.get(cacheKey(row)) : undefined;
    if (found) outputs[r] = found;
    return found ? [] : [r];
  });
  const fresh = await networks.denoise(
    open.map((r) => (inputScale === 1 ? states[r]! : states[r]!.map((v) => v * inputScale))),
    timestep,
    open.map((r) => hidden.get(pairs[rows[r]!.pair]!.text)!),
    checkpoint,
  );
  open.forEach((r, k) => {
    outputs[r] = fresh[k]!;
    if (i === 0) firstCalls.set(cacheKey(rows[r]!), fresh[k]!.slice()); // a view would keep its whole batch
  });
  return outputs;
}

/** States after step i. */
function stepped(
  sampler: Sampler,
  { pairs, tree }: Block,
  i: number,
  before: Pick<SampledBlock, 'rows' | 'states'> & { readonly outputs: readonly Float32Array[] },
  after: readonly TrajectoryRow[],
): Float32Array[] {
  const index = new Map(before.rows.map(({ group, pair }, r) => [group * pairs.length + pair, r]));
  const next = tree.levels[i + 1]!;
  return after.map(({ group, pair }) => {
    const r = index.get(next.parentOf[group]! * pairs.length + pair)!;
    const step: FusedStep = next.stepOf[group]!;
    const out = new Float32Array(sampler.networks.latentLength);
    const z = step.n === 0 ? null : noise(sampler, pairs[pair]!, i + 1);
    applyFused(step, before.states[r]!, before.outputs[r]!, z, out, sampler.channels);
    return out;
  });
}

function noise({ networks, noises }: Sampler, { seed, text }: Pair, stepIndex: number): Float32Array {
  const key = `${stepIndex}|${seed}|${text}`;
  const found = noises.get(key);
  if (found) return found;
  const made = gaussianNoise({ seed, prompt: text, stepIndex, length: networks.latentLength });
  noises.set(key, made);
  return made;
}
