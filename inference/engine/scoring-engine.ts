/**
 * The scoring engine: candidates x (prompt, seed) pairs -> raw terms.
 *
 * What candidates share is computed once: prompt embeddings, noise, the first network
 * call of every pair, and every further prefix of equal fused steps (trajectory tree).
 */
import { applyFused, type FusedSchedule } from '../../diffusion/fused.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { buildTrajectoryTree } from '../../diffusion/trajectory-tree.js';
import { imageFromPlanar, type RgbImage } from '../../metrics/images/image.js';
import { ByteCache } from '../models/byte-cache.js';
import type { ModelFolder } from '../models/model-folder.js';
import type { SessionOptions } from '../models/runtime-session.js';
import { scorerKind } from '../scorers/scorer-folder.js';
import type { ScorerFolder } from '../scorers/scorer-kind.js';
import type { Picture, Scorer } from '../scorers/scorer.js';
import { openTextToImage } from '../models/text-to-image.js';

/** A prompt with a seed: one picture of every candidate. */
export interface Pair { readonly text: string; readonly seed: number; readonly nouns?: readonly string[] | null }

/** One candidate: its fused schedule, and which pairs it still needs. */
export interface EngineCandidate { readonly schedule: FusedSchedule; readonly pairs: readonly number[] }

/** One evaluation: terms of every scorer in the order of its names (or why that scorer has none), or why there is no picture. */
export type Evaluation = { readonly terms: readonly (Float64Array | string)[] } | { readonly failed: string };

/** What a call may be watched and stopped by. */
export interface EngineControl {
  /** Called now and then with the share done, 0 to 1. */
  onProgress?(share: number): void;
  /** Awaited between network calls; throws to stop. */
  breathe?(): Promise<void>;
}

/** Scores candidates on pairs. */
export interface ScoringEngine {
  readonly scorers: readonly Scorer[];
  /** @returns for each candidate, one evaluation for each of its pairs, in order */
  score(candidates: readonly EngineCandidate[], pairs: readonly Pair[], control?: EngineControl): Promise<Evaluation[][]>;
  /** Pictures of candidates, without scores: [candidate][pair]. */
  generate(candidates: readonly EngineCandidate[], pairs: readonly Pair[], control?: EngineControl): Promise<(RgbImage | { failed: string })[][]>;
  release(): Promise<void>;
}

const PREFIX_BYTES = 256 * 1024 * 1024;
const BLOCK_BYTES = 256 * 1024 * 1024;
const TEXT_BYTES = 128 * 1024 * 1024;

/** Loads a model with its scorers. */
export async function openScoringEngine(model: ModelFolder, scorerFolders: readonly ScorerFolder[], options: SessionOptions): Promise<ScoringEngine> {
  const networks = await openTextToImage(model, options);
  const scorers: Scorer[] = [];
  for (const folder of scorerFolders) scorers.push(await scorerKind(folder).open(folder, options));
  const textStates = new ByteCache(TEXT_BYTES);
  const noises = new ByteCache(PREFIX_BYTES / 4);
  const firstCalls = new ByteCache(PREFIX_BYTES);
  const [channels, height, width] = model.latentShape;

  const noise = (pair: Pair, stepIndex: number): Float32Array => {
    const key = `${stepIndex}|${pair.seed}|${pair.text}`;
    const found = noises.get(key);
    if (found) return found;
    const made = gaussianNoise({ seed: pair.seed, prompt: pair.text, stepIndex, length: networks.latentLength });
    noises.set(key, made);
    return made;
  };

  /** Encoder states of a block's prompts by text; what other calls embedded is remembered within a budget. */
  const embed = async (texts: ReadonlySet<string>): Promise<ReadonlyMap<string, Float32Array>> => {
    const hidden = new Map([...texts].flatMap((text) => {
      const found = textStates.get(text);
      return found === undefined ? [] : [[text, found] as const];
    }));
    const fresh = [...texts].filter((text) => !hidden.has(text));
    const states = await networks.encodeTexts(fresh);
    fresh.forEach((text, i) => {
      const own = states[i]!.slice(); // a view would keep its whole batch
      textStates.set(text, own);
      hidden.set(text, own);
    });
    return hidden;
  };

  /** Latents of a block of pairs at the end of every distinct trajectory, and which one each candidate takes. */
  const sample = async (candidates: readonly EngineCandidate[], pairs: readonly Pair[], block: readonly number[], between: () => Promise<void>) => {
    const hidden = await embed(new Set(block.map((pair) => pairs[pair]!.text)));
    const tree = buildTrajectoryTree(candidates.map(({ schedule }) => schedule));
    const { steps, initNoiseSigma } = candidates[0]!.schedule;
    const wants = candidates.map((candidate) => new Set(candidate.pairs));
    const rowsAt = (level: number): { group: number; pair: number }[] => {
      const { groupOf } = tree.levels[level]!;
      const needed = new Set<number>();
      const rows: { group: number; pair: number }[] = [];
      for (const pair of block) {
        candidates.forEach((_, k) => {
          const group = groupOf[k]!;
          if (!wants[k]!.has(pair) || needed.has(group * pairs.length + pair)) return;
          needed.add(group * pairs.length + pair);
          rows.push({ group, pair });
        });
      }
      return rows;
    };
    let rows = rowsAt(0);
    let states = rows.map(({ pair }) => {
      const z = noise(pairs[pair]!, 0);
      return initNoiseSigma === 1 ? z : z.map((v) => v * initNoiseSigma);
    });
    for (let i = 0; i < steps.length; i += 1) {
      const { timestep, inputScale } = steps[i]!;
      const outputs: Float32Array[] = new Array(rows.length);
      const cacheKey = ({ pair }: { pair: number }) => `${timestep}|${inputScale}|${initNoiseSigma}|${pairs[pair]!.seed}|${pairs[pair]!.text}`;
      const open = rows.flatMap((row, r) => {
        const found = i === 0 ? firstCalls.get(cacheKey(row)) : undefined;
        if (found) outputs[r] = found;
        return found ? [] : [r];
      });
      const fresh = await networks.denoise(
        open.map((r) => (inputScale === 1 ? states[r]! : states[r]!.map((v) => v * inputScale))),
        timestep,
        open.map((r) => hidden.get(pairs[rows[r]!.pair]!.text)!),
        between,
      );
      open.forEach((r, k) => {
        outputs[r] = fresh[k]!;
        if (i === 0) firstCalls.set(cacheKey(rows[r]!), fresh[k]!);
      });
      const index = new Map(rows.map(({ group, pair }, r) => [group * pairs.length + pair, r]));
      const next = tree.levels[i + 1]!;
      rows = rowsAt(i + 1);
      const before = states;
      states = rows.map(({ group, pair }) => {
        const r = index.get(next.parentOf[group]! * pairs.length + pair)!;
        const step = next.stepOf[group]!;
        const out = new Float32Array(networks.latentLength);
        applyFused(step, before[r]!, outputs[r]!, step.n === 0 ? null : noise(pairs[pair]!, i + 1), out, channels);
        return out;
      });
    }
    return { rows, states, groupOf: tree.levels[steps.length]!.groupOf };
  };

  const generate: ScoringEngine['generate'] = async (candidates, pairs, control = {}) => {
    const pictures: (RgbImage | { failed: string })[][] = candidates.map(() => []);
    const used = [...new Set(candidates.flatMap((candidate) => candidate.pairs))].sort((a, b) => a - b);
    const block = Math.max(1, Math.floor(BLOCK_BYTES / (candidates.length * networks.latentLength * 12)));
    let calls = 0;
    const total = Math.ceil((used.length * candidates.length * (candidates[0]?.schedule.steps.length ?? 1)) / options.batch);
    const between = async (): Promise<void> => {
      calls += 1;
      control.onProgress?.(Math.min(1, calls / total));
      await control.breathe?.();
    };
    for (let start = 0; start < used.length; start += block) {
      const { rows, states, groupOf } = await sample(candidates, pairs, used.slice(start, start + block), between);
      const planar = await networks.decode(states, between);
      const images = new Map(rows.map(({ group, pair }, r) => [group * pairs.length + pair, picture(states[r]!, planar[r]!, height, width)]));
      candidates.forEach((candidate, k) => {
        candidate.pairs.forEach((pair, at) => {
          const image = images.get(groupOf[k]! * pairs.length + pair);
          if (image) pictures[k]![at] = image;
        });
      });
    }
    return pictures;
  };

  return {
    scorers,
    generate,
    async score(candidates, pairs, control = {}) {
      const pictures = await generate(candidates, pairs, control);
      const results: Evaluation[][] = candidates.map((candidate) => new Array<Evaluation>(candidate.pairs.length));
      const jobs: (Picture & { k: number; at: number })[] = [];
      candidates.forEach((candidate, k) => {
        candidate.pairs.forEach((pair, at) => {
          const image = pictures[k]![at]!;
          if ('failed' in image) results[k]![at] = image;
          else jobs.push({ k, at, image, text: pairs[pair]!.text, nouns: pairs[pair]!.nouns ?? null });
        });
      });
      const rows: Float64Array[][] = [];
      for (const scorer of scorers) rows.push(await scorer.score(jobs, control.breathe?.bind(control)));
      jobs.forEach(({ k, at }, j) => {
        results[k]![at] = { terms: rows.map((scorerRows, s) => finiteOrReason(scorers[s]!, scorerRows[j]!)) };
      });
      return results;
    },
    async release() {
      await networks.release();
      for (const scorer of scorers) await scorer.release();
    },
  };
}

function finiteOrReason({ role, names }: Scorer, terms: Float64Array): Float64Array | string {
  const broken = terms.findIndex((value) => !Number.isFinite(value));
  return broken === -1 ? terms : `the scorer "${role}" gave ${names[broken]} = ${terms[broken]}`;
}

function countBroken(values: Float32Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i += 1) if (!Number.isFinite(values[i])) count += 1;
  return count;
}

/** The picture of a finished latent; a decoder may turn what is not finite into something that is, so both are looked at. */
function picture(latent: Float32Array, planar: Float32Array, latentHeight: number, latentWidth: number): RgbImage | { failed: string } {
  const lost = countBroken(latent);
  if (lost > 0) return { failed: `the latent has ${lost} values that are not finite` };
  const broken = countBroken(planar);
  if (broken > 0) return { failed: `the picture has ${broken} values that are not finite` };
  const factor = Math.round(Math.sqrt(planar.length / 3 / (latentHeight * latentWidth)));
  return imageFromPlanar(planar, latentHeight * factor, latentWidth * factor);
}
