/**
 * The sampling loop: latents of many candidates on many (prompt, seed) pairs. What candidates share is computed once:
 * conditioning, noise, the first network call of every pair, and every further prefix of equal steps (trajectory tree).
 */
import type { WireSchedule, WireStep } from '../../contract/wire/schedule.js';
import { buildTrajectoryTree, type TrajectoryTree } from '../../diffusion/trajectory-tree.js';
import type { Checkpoint, Conditioning } from '../pipelines/pipeline.js';
import { ruleOf } from './apply-step.js';
import { conditioningOf, latentLength, noiseOf, type Sampler } from './sampler.js';

/** A prompt with a seed: one image of every candidate. */
export interface Pair {
  readonly text: string;
  readonly seed: number;
  readonly nouns?: readonly string[] | null;
}

/** One candidate: its steps with its coefficients inside, and which pairs it still needs. */
export interface EngineCandidate {
  readonly schedule: WireSchedule;
  readonly pairs: readonly number[];
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
  /** The first step, from 0, after which the latent of each row was not finite; the number of steps if none was. */
  readonly brokenAt: readonly number[];
  /** The group that each candidate is in. */
  readonly groupOf: Int32Array;
}

/** All rows of one step, as the network received and answered them. */
export interface SampledStep {
  /** Place of the step in the schedule. */
  readonly step: number;
  readonly timestep: number;
  readonly inputs: readonly Float32Array[];
  readonly conditioning: readonly Conditioning[];
  readonly outputs: readonly Float32Array[];
}

/** How a block is followed. */
export interface BlockControl {
  /** Awaited between network calls. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Awaited after the network calls of each step. */
  readonly onStep?: (step: SampledStep) => Promise<void>;
}

/** What one block is sampled from. */
interface Block {
  readonly candidates: readonly EngineCandidate[];
  /** The pairs that each of them still needs. */
  readonly wanted: readonly ReadonlySet<number>[];
  readonly pairs: readonly Pair[];
  /** Indices of the pairs of this block. */
  readonly block: readonly number[];
  readonly tree: TrajectoryTree<WireStep>;
  readonly conditioning: ReadonlyMap<string, Conditioning>;
  readonly control: BlockControl;
}

/**
 * Samples one block.
 *
 * @param candidates at least one, all with the same timesteps
 * @param block indices of the pairs to sample
 * @throws QschedError (usage) if the timesteps of candidates differ
 */
export async function sampleBlock(
  sampler: Sampler,
  candidates: readonly EngineCandidate[],
  pairs: readonly Pair[],
  block: readonly number[],
  control: BlockControl = {},
): Promise<SampledBlock> {
  const tree = buildTrajectoryTree(candidates.map(({ schedule }) => schedule));
  const texts = new Set(block.map((pair) => pairs[pair]!.text));
  const conditioning = await conditioningOf(sampler, texts, control.checkpoint);
  const wanted = candidates.map((candidate) => new Set(candidate.pairs));
  const own: Block = { candidates, wanted, pairs, block, tree, conditioning, control };
  const { steps, initNoiseSigma } = candidates[0]!.schedule;
  let rows = rowsAt(own, 0);
  let states = rows.map(({ pair }) => scaled(noiseOf(sampler, pairs[pair]!, 0), initNoiseSigma));
  let brokenAt = rows.map(() => steps.length);
  for (let i = 0; i < steps.length; i += 1) {
    const outputs = await networkOutputs(sampler, own, i, rows, states);
    const after = rowsAt(own, i + 1);
    const from = parentsOf(own, i, rows, after);
    states = stepped(sampler, own, i, { states, outputs, from }, after);
    brokenAt = from.map((r, at) => Math.min(brokenAt[r]!, states[at]!.every(Number.isFinite) ? steps.length : i));
    rows = after;
  }
  return { rows, states, brokenAt, groupOf: tree.levels[steps.length]!.groupOf };
}

/** Distinct trajectories before step `level`, pair by pair. */
function rowsAt({ candidates, wanted, pairs, block, tree }: Block, level: number): TrajectoryRow[] {
  const { groupOf } = tree.levels[level]!;
  const needed = new Set<number>();
  const rows: TrajectoryRow[] = [];
  for (const pair of block) {
    candidates.forEach((_, k) => {
      const group = groupOf[k]!;
      if (!wanted[k]!.has(pair) || needed.has(group * pairs.length + pair)) return;
      needed.add(group * pairs.length + pair);
      rows.push({ group, pair });
    });
  }
  return rows;
}

/** The network's outputs of step i, one per trajectory; those of the first step are remembered. */
async function networkOutputs(
  { pipeline, firstCalls }: Sampler,
  { candidates, pairs, conditioning, control }: Block,
  i: number,
  rows: readonly TrajectoryRow[],
  states: readonly Float32Array[],
): Promise<Float32Array[]> {
  const { steps, initNoiseSigma } = candidates[0]!.schedule;
  const { timestep, inputScale } = steps[i]!;
  const pairOf = (r: number): Pair => pairs[rows[r]!.pair]!;
  const cacheKey = (r: number): string =>
    `${timestep}|${inputScale}|${initNoiseSigma}|${pairOf(r).seed}|${pairOf(r).text}`;
  const input = (r: number): Float32Array => scaled(states[r]!, inputScale);
  const conditionedOn = (r: number): Conditioning => conditioning.get(pairOf(r).text)!;
  const outputs = rows.map((_, r) => (i === 0 ? firstCalls.get(cacheKey(r)) : undefined));
  const open = outputs.flatMap((known, r) => (known === undefined ? [r] : []));
  const fresh =
    open.length === 0
      ? []
      : await pipeline.denoise(open.map(input), timestep, open.map(conditionedOn), control.checkpoint);
  open.forEach((r, k) => {
    outputs[r] = fresh[k]!;
    // A copy: a view would keep its whole batch in memory. What is not finite is computed again if it is retried.
    if (i === 0 && fresh[k]!.every(Number.isFinite)) firstCalls.set(cacheKey(r), fresh[k]!.slice());
  });
  const complete = outputs as Float32Array[];
  const all = rows.map((_, r) => r);
  await control.onStep?.({
    step: i,
    timestep,
    inputs: all.map(input),
    conditioning: all.map(conditionedOn),
    outputs: complete,
  });
  return complete;
}

/** The row before step i from which each row after it comes. */
function parentsOf(
  { pairs, tree }: Block,
  i: number,
  before: readonly TrajectoryRow[],
  after: readonly TrajectoryRow[],
): number[] {
  const index = new Map(before.map(({ group, pair }, r) => [group * pairs.length + pair, r]));
  const { parentOf } = tree.levels[i + 1]!;
  return after.map(({ group, pair }) => index.get(parentOf[group]! * pairs.length + pair)!);
}

/** Latents before a step, what the network made of them, and the row that each row after the step comes from. */
interface Before {
  readonly states: readonly Float32Array[];
  readonly outputs: readonly Float32Array[];
  readonly from: readonly number[];
}

/** States after step i. */
function stepped(
  sampler: Sampler,
  { pairs, tree }: Block,
  i: number,
  { states, outputs, from }: Before,
  after: readonly TrajectoryRow[],
): Float32Array[] {
  const next = tree.levels[i + 1]!;
  const [channels] = sampler.pipeline.latentShape;
  return after.map(({ group, pair }, at) => {
    const r = from[at]!;
    const rule = ruleOf(next.stepOf[group]!);
    const out = new Float32Array(latentLength(sampler.pipeline));
    const z = rule.needsNoise ? noiseOf(sampler, pairs[pair]!, i + 1) : null;
    rule.apply(states[r]!, outputs[r]!, z, out, channels);
    return out;
  });
}

/** Every value times `scale`; the same array for a scale of 1. */
export const scaled = (values: Float32Array, scale: number): Float32Array =>
  scale === 1 ? values : values.map((value) => value * scale);
