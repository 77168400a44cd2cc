/**
 * PTQD's calibration (Q-Sched, section 2 and appendix J): both networks see the same inputs, those of
 * the full-precision trajectory, and each step's outputs give its error model (diffusion/ptqd.ts).
 */
import { applyFused, type FusedSchedule } from '../../diffusion/fused.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { fitPtqd, type PtqdFitOptions, type PtqdStep } from '../../diffusion/ptqd.js';
import type { FitPtqdRequest, FitPtqdResult } from '../../contract/wire/fit.js';
import { fromWireSchedule } from '../../contract/wire/schedule.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { pairsOf } from './request-pairs.js';
import { startReport } from './work-report.js';
import { openModelFolder } from '../models/model-folder.js';
import type { SessionOptions } from '../models/runtime-session.js';
import type { EngineControl, Pair } from './scoring-engine.js';
import { openTextToImage, type TextToImage } from '../models/text-to-image.js';

/** The two networks of a fit: they share text encoder and latent shape. */
export interface FitNetworks {
  readonly reference: Pick<TextToImage, 'denoise' | 'encodeTexts' | 'latentLength'>;
  readonly quantised: Pick<TextToImage, 'denoise'>;
  readonly channels: number;
}

/** Opens both networks, fits, and closes them again. */
export async function fitJob(
  request: FitPtqdRequest,
  session: SessionOptions,
  control: EngineControl = {},
): Promise<FitPtqdResult> {
  const report = startReport();
  const { quantised, reference, schedule, gamma, bias } = request;
  const pairs = pairsOf(request);
  const full = openModelFolder(reference.model, reference.precision);
  const own = await openTextToImage(full, session);
  try {
    const other = await openTextToImage(openModelFolder(quantised.model, quantised.precision), session);
    try {
      const networks = { reference: own, quantised: other, channels: full.latentShape[0] };
      const fits = await fitNetworks(networks, fromWireSchedule(schedule), pairs, { gamma, bias }, control);
      return {
        version: WIRE_VERSION,
        fits: fits.map(({ mu, ...fit }) => ({ ...fit, mu: typeof mu === 'number' ? mu : [...mu] })),
        trajectories: pairs.length,
        ...report(),
      };
    } finally {
      await other.release();
    }
  } finally {
    await own.release();
  }
}

/**
 * One error model per step.
 *
 * @param schedule without coefficients: the trajectory that both networks are asked along
 * @throws QschedError (failure) where outputs are constant or not finite
 */
export async function fitNetworks(
  { reference, quantised, channels }: FitNetworks,
  schedule: FusedSchedule,
  pairs: readonly Pair[],
  options: Pick<PtqdFitOptions, 'gamma' | 'bias'>,
  control: EngineControl = {},
): Promise<PtqdStep[]> {
  const { latentLength } = reference;
  const draw = ({ text, seed }: Pair, stepIndex: number): Float32Array =>
    gaussianNoise({ seed, prompt: text, stepIndex, length: latentLength });
  const texts = [...new Set(pairs.map(({ text }) => text))];
  const encoded = await reference.encodeTexts(texts);
  const hidden = pairs.map(({ text }) => encoded[texts.indexOf(text)]!);
  const checkpoint = async (): Promise<void> => {
    await control.checkpoint?.();
  };
  const states = pairs.map((pair) => draw(pair, 0).map((z) => z * schedule.initNoiseSigma));
  const fits: PtqdStep[] = [];
  for (const [i, step] of schedule.steps.entries()) {
    const inputs = step.inputScale === 1 ? states : states.map((x) => x.map((v) => v * step.inputScale));
    const e = await reference.denoise(inputs, step.timestep, hidden, checkpoint);
    const q = await quantised.denoise(inputs, step.timestep, hidden, checkpoint);
    fits.push(
      fitPtqd(joined(e, latentLength), joined(q, latentLength), { ...options, channels, sampleLength: latentLength }),
    );
    states.forEach((x, p) => applyFused(step, x, e[p]!, step.n === 0 ? null : draw(pairs[p]!, i + 1), x, channels));
    control.onProgress?.((i + 1) / schedule.steps.length);
  }
  return fits;
}

function joined(rows: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(rows.length * length);
  rows.forEach((row, i) => all.set(row, i * length));
  return all;
}
