/**
 * One Python file: a node of ComfyUI that gives SAMPLER and SIGMAS.
 */
import { QschedError } from '../contract/errors.js';
import type { SchedulerType } from '../contract/names.js';
import { uniformNoise } from './coefficient-shape.js';
import { fillTemplate } from './python-template.js';
import { sigmaLadder } from './sigma-ladder.js';
import type { ExportedSchedule, ExportTarget } from './target.js';

const FILE = 'qsched_comfyui.py';

/** What latents are in the schedulers that ComfyUI's models can be sampled with. */
const SPACES: Partial<Readonly<Record<SchedulerType, 'vp' | 've' | 'flow'>>> = {
  tcd: 'vp',
  lcm: 'vp',
  ddim: 'vp',
  euler: 've',
  'euler-ancestral': 've',
  'flow-match-euler': 'flow',
  'flow-match-lcm': 'flow',
};

/** Samplers of ComfyUI itself that take the same steps without coefficients. */
const BUILT_IN: Partial<Readonly<Record<SchedulerType, string>>> = {
  euler: 'euler',
  'euler-ancestral': 'euler_ancestral',
  'flow-match-euler': 'euler',
};

/** What the input "scaling_factor" of the node "Epsilon Scaling" is rounded to. */
const NODE_STEP = 0.001;

export const comfyui: ExportTarget = {
  help: `${FILE}: a node with SAMPLER and SIGMAS`,
  write(schedule) {
    const { document, fused } = schedule;
    const space = spaceOf(schedule);
    const levels = space === 'vp' ? null : sigmaLadder(schedule);
    const steps = fused.steps.map(({ timestep, a, b, d, n }, i) => ({
      timestep,
      ...(levels === null ? {} : { sigma: levels[i]! }),
      a,
      b,
      d,
      n,
    }));
    const content = fillTemplate(FILE, document.provenance, {
      type: document.scheduler.type,
      space,
      init_noise_sigma: fused.initNoiseSigma,
      steps,
    });
    const scaling = epsilonScaling(schedule);
    return {
      files: [{ name: FILE, content }],
      notes: [
        'copy it to ComfyUI/custom_nodes, restart, and connect "Qsched schedule" to SamplerCustom',
        ...(scaling === null ? [] : [scaling]),
      ],
    };
  },
};

/** @throws QschedError (usage) if ComfyUI has no such latents, or would round a timestep */
function spaceOf({ document: { scheduler }, fused }: ExportedSchedule): 'vp' | 've' | 'flow' {
  const space = SPACES[scheduler.type];
  if (space === undefined) {
    throw new QschedError(
      'usage',
      `ComfyUI has no latents like those of the scheduler "${scheduler.type}".`,
      'Export --to diffusers, onnx or json.',
    );
  }
  const fraction = fused.steps.find(({ timestep }) => space !== 'flow' && !Number.isInteger(timestep));
  if (fraction !== undefined) {
    throw new QschedError(
      'usage',
      `ComfyUI rounds the timesteps of such models to whole numbers, but the schedule has ${fraction.timestep}.`,
      'Use whole timesteps (scheduler.timesteps), or export --to diffusers, onnx or json.',
    );
  }
  return space;
}

/** The sentence about "Epsilon Scaling" where it can express the schedule; null elsewhere. */
function epsilonScaling({ document }: ExportedSchedule): string | null {
  const sampler = BUILT_IN[document.scheduler.type];
  const factor = uniformNoise(document);
  if (sampler === undefined || factor === null || factor === 1) return null;
  const value = 1 / factor;
  const rounded = Math.round(value / NODE_STEP) * NODE_STEP;
  const error = Math.abs(rounded / value - 1);
  return (
    `c^x is 1 and c^eps the same in every step: the built-in node "Epsilon Scaling" with scaling_factor ` +
    `${rounded.toFixed(3)}, the sampler "${sampler}" and these SIGMAS apply the same factor` +
    (error < 1e-9 ? '' : ` to ${(100 * error).toFixed(3)} % (exactly: ${value}; the node's step is ${NODE_STEP})`)
  );
}
