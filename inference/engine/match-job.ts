/**
 * A `fitMatch` request: the full-precision and the quantised trajectories of the same prompts and seeds, side by side. After
 * every step the quantised ones go on with the coefficients that were found for it (diffusion/match.ts).
 */
import { scaleFusedStep } from '../../contract/schedule-step.js';
import type { FitMatchRequest, FitMatchResult } from '../../contract/wire/fit.js';
import { fromWireSchedule, type WireSchedule } from '../../contract/wire/schedule.js';
import { applyFused, requireFused, type FusedStep } from '../../diffusion/fused.js';
import { fitMatch, MATCH_NEEDS, type BeforeStep, type MatchStep } from '../../diffusion/match.js';
import type { FitNetworks } from './fit-job.js';
import type { EngineControl } from './generate-blocks.js';
import type { JobTools } from './job-tools.js';
import { pairsOf } from './request-pairs.js';
import { conditioningOf, noiseOf } from './sampler.js';
import { scaled, type Pair } from './sampling-loop.js';

/** Fits the coefficients of every step. */
export async function matchJob(
  request: FitMatchRequest,
  reference: Pick<JobTools, 'generator'>,
  quantised: Pick<JobTools, 'generator'>,
  control: EngineControl = {},
): Promise<Pick<FitMatchResult, 'fits' | 'trajectories'>> {
  const pairs = pairsOf(request);
  const networks = {
    reference: (await reference.generator()).sampler,
    quantised: (await quantised.generator()).sampler.pipeline,
  };
  const fits = await matchNetworks(networks, request.schedule, pairs, control);
  return { fits: fits.map(({ fixed, ...fit }) => ({ ...fit, fixed: [...fixed] })), trajectories: pairs.length };
}

/**
 * The coefficients of every step, with how near they come.
 *
 * @param schedule without coefficients
 * @throws QschedError (usage) if a step clips; (failure) if outputs are not finite
 */
export async function matchNetworks(
  { reference, quantised }: FitNetworks,
  schedule: WireSchedule,
  pairs: readonly Pair[],
  { checkpoint, onProgress }: EngineControl = {},
): Promise<MatchStep[]> {
  const { steps, initNoiseSigma } = requireFused(fromWireSchedule(schedule), MATCH_NEEDS);
  const [channels] = reference.pipeline.latentShape;
  const known = await conditioningOf(reference, new Set(pairs.map(({ text }) => text)), checkpoint);
  const conditioning = pairs.map(({ text }) => known.get(text)!);
  let full = pairs.map((pair) => scaled(noiseOf(reference, pair, 0), initNoiseSigma));
  let own = full;
  const fits: MatchStep[] = [];
  for (const [i, step] of steps.entries()) {
    const called = async (
      pipeline: FitNetworks['quantised'],
      samples: readonly Float32Array[],
    ): Promise<BeforeStep> => {
      const inputs = samples.map((x) => scaled(x, step.inputScale));
      return { samples, outputs: await pipeline.denoise(inputs, step.timestep, conditioning, checkpoint) };
    };
    const before = { full: await called(reference.pipeline, full), own: await called(quantised, own) };
    const fit = fitMatch(step, before.full, before.own, channels);
    const noise = step.n === 0 ? null : pairs.map((pair) => noiseOf(reference, pair, i + 1));
    full = stepped(step, before.full, noise, channels);
    own = stepped(scaleFusedStep(step, fit.sample, fit.noise), before.own, noise, channels);
    fits.push(fit);
    onProgress?.((i + 1) / steps.length);
  }
  return fits;
}

/** All trajectories after a step. */
const stepped = (
  step: FusedStep,
  { samples, outputs }: BeforeStep,
  noise: readonly Float32Array[] | null,
  channels: number,
): Float32Array[] =>
  samples.map((x, row) => {
    const out = new Float32Array(x.length);
    applyFused(step, x, outputs[row]!, noise?.[row] ?? null, out, channels);
    return out;
  });
