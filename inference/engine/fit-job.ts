/**
 * A `fitPtqd` request: PTQD's calibration (Q-Sched, section 2 and appendix J). Both networks receive the same inputs,
 * those of the full-precision trajectory, and the outputs of each step give its error model (diffusion/ptqd.ts).
 */
import type { FitPtqdRequest, FitPtqdResult } from '../../contract/wire/fit.js';
import type { WireSchedule } from '../../contract/wire/schedule.js';
import { fitPtqd, type PtqdFitOptions, type PtqdStep } from '../../diffusion/ptqd.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import type { EngineControl } from './generate-blocks.js';
import type { JobTools } from './job-tools.js';
import { pairsOf } from './request-pairs.js';
import { latentLength, type Sampler } from './sampler.js';
import { sampleBlock, type Pair } from './sampling-loop.js';

/** The two networks of a fit: they have one text encoder and one latent shape. */
export interface FitNetworks {
  /** Full precision: what is sampled with. */
  readonly reference: Sampler;
  readonly quantised: Pick<Pipeline, 'denoise'>;
}

/** Fits one error model per step. */
export async function fitJob(
  request: FitPtqdRequest,
  reference: Pick<JobTools, 'generator'>,
  quantised: Pick<JobTools, 'generator'>,
  control: EngineControl = {},
): Promise<Pick<FitPtqdResult, 'fits' | 'trajectories'>> {
  const { schedule, gamma, bias } = request;
  const pairs = pairsOf(request);
  const networks = {
    reference: (await reference.generator()).sampler,
    quantised: (await quantised.generator()).sampler.pipeline,
  };
  const fits = await fitNetworks(networks, schedule, pairs, { gamma, bias }, control);
  return {
    fits: fits.map(({ mu, ...fit }) => ({ ...fit, mu: typeof mu === 'number' ? mu : [...mu] })),
    trajectories: pairs.length,
  };
}

/**
 * One error model per step.
 *
 * @param schedule without coefficients: the trajectory along which both networks are called
 * @throws QschedError (failure) if outputs are constant or not finite
 */
export async function fitNetworks(
  { reference, quantised }: FitNetworks,
  schedule: WireSchedule,
  pairs: readonly Pair[],
  options: Pick<PtqdFitOptions, 'gamma' | 'bias'>,
  { checkpoint, onProgress }: EngineControl = {},
): Promise<PtqdStep[]> {
  const { pipeline } = reference;
  const sizes = { channels: pipeline.latentShape[0], sampleLength: latentLength(pipeline) };
  const all = pairs.map((_, i) => i);
  const fits: PtqdStep[] = [];
  await sampleBlock(reference, [{ schedule, pairs: all }], pairs, all, {
    checkpoint,
    async onStep({ step, timestep, inputs, conditioning, outputs: e }) {
      const q = await quantised.denoise(inputs, timestep, conditioning, checkpoint);
      fits.push(fitPtqd(joined(e), joined(q), { ...options, ...sizes }));
      onProgress?.((step + 1) / schedule.steps.length);
    },
  });
  return fits;
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}
