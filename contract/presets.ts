/**
 * Presets: how published few-step models are sampled, as their authors call diffusers. Each is one entry: what of
 * `scheduler` it gives, the numbers of steps that its checkpoints are made for, and the families of models that it fits.
 * test/parity/presets.test.ts holds every entry to the timesteps and sigmas of diffusers 0.42.1.
 */
import type { PresetName, SchedulerType } from './names.js';

/** One preset. */
export interface Preset {
  /** Families of models, as `qsched models` names them. */
  readonly families: readonly string[];
  /** Numbers of steps that it is for, the usual one first. */
  readonly steps: readonly number[];
  /** What it gives of a spec's `scheduler`. */
  readonly scheduler: {
    readonly type: SchedulerType;
    readonly eta?: number;
    readonly spacing?: 'trailing' | 'linspace';
    readonly sigmas?: readonly number[];
    readonly timesteps?: readonly number[];
    readonly mu?: number | 'flux2';
    readonly shift?: number;
    readonly prediction?: 'sample';
  };
  /** `guidance_scale` of the authors' examples: 0 and 1 are none; null where it depends on the network. Not set by the preset. */
  readonly guidance: number | null;
}

const STABLE = ['sd15', 'sdxl'];
const SDXL = ['sdxl'];

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  // Its own networks embed a guidance of 8; with the LoRA on other networks it is 1 to 2.
  lcm: {
    families: ['lcm', 'sd15', 'sdxl'],
    steps: [4, 1, 2, 3, 5, 6, 7, 8],
    scheduler: { type: 'lcm' },
    guidance: null,
  },
  tcd: { families: STABLE, steps: [4, 1, 2, 3, 5, 6, 7, 8], scheduler: { type: 'tcd', eta: 0.3 }, guidance: 0 },
  pcm: { families: STABLE, steps: [4, 2, 8, 16], scheduler: { type: 'tcd', eta: 0 }, guidance: null },
  'sd-turbo': {
    families: ['sd15'],
    steps: [1, 2, 3, 4],
    scheduler: { type: 'euler', spacing: 'trailing' },
    guidance: 0,
  },
  'sdxl-turbo': {
    families: SDXL,
    steps: [1, 2, 3, 4],
    scheduler: { type: 'euler-ancestral', spacing: 'trailing' },
    guidance: 0,
  },
  'sdxl-lightning': {
    families: SDXL,
    steps: [4, 2, 8],
    scheduler: { type: 'euler', spacing: 'trailing' },
    guidance: 0,
  },
  // The one-step checkpoint predicts x0.
  'sdxl-lightning-1-step': {
    families: SDXL,
    steps: [1],
    scheduler: { type: 'euler', spacing: 'trailing', prediction: 'sample' },
    guidance: 0,
  },
  'hyper-sd': {
    families: STABLE,
    steps: [4, 2, 8],
    scheduler: { type: 'ddim', spacing: 'trailing', eta: 0 },
    guidance: 0,
  },
  'hyper-sd-unified': {
    families: STABLE,
    steps: [4, 1, 2, 3, 5, 6, 7, 8],
    scheduler: { type: 'tcd', eta: 1 },
    guidance: 0,
  },
  // Starts from unit noise at timestep 800, where abar is not yet 0.
  'hyper-sd-1-step': { families: SDXL, steps: [1], scheduler: { type: 'lcm', timesteps: [800] }, guidance: 0 },
  // Not LCM's own 999, 759, 499, 259.
  dmd2: { families: STABLE, steps: [4], scheduler: { type: 'lcm', timesteps: [999, 749, 499, 249] }, guidance: 0 },
  // Starts from unit noise at timestep 399.
  'dmd2-1-step': { families: SDXL, steps: [1], scheduler: { type: 'lcm', timesteps: [399] }, guidance: 0 },
  'flux.1-schnell': {
    families: ['flux'],
    steps: [4, 1, 2, 3],
    scheduler: { type: 'flow-match-euler', spacing: 'trailing', shift: 1 },
    guidance: 0,
  },
  'flux.2-klein': {
    families: ['flux2'],
    steps: [4],
    scheduler: { type: 'flow-match-euler', spacing: 'trailing', mu: 'flux2' },
    guidance: 1,
  },
  'flux.2-dev-turbo': {
    families: ['flux2'],
    steps: [8],
    scheduler: {
      type: 'flow-match-euler',
      sigmas: [1, 0.6509, 0.4374, 0.2932, 0.1893, 0.1108, 0.0495, 0.00031],
      mu: 'flux2',
    },
    guidance: 2.5,
  },
  'z-image-turbo': {
    families: ['z-image'],
    steps: [8],
    scheduler: { type: 'flow-match-euler', spacing: 'trailing', shift: 3 },
    guidance: 0,
  },
  // base_shift = max_shift = ln 3, and none of the base's shift_terminal.
  'qwen-image-lightning': {
    families: ['qwen-image'],
    steps: [8, 4],
    scheduler: { type: 'flow-match-euler', spacing: 'trailing', mu: Math.log(3) },
    guidance: 1,
  },
  'krea-2-turbo': {
    families: ['krea'],
    steps: [8],
    scheduler: { type: 'flow-match-euler', spacing: 'trailing', mu: 1.15 },
    guidance: 0,
  },
  // The shift is that of the model's config.
  'ernie-image-turbo': {
    families: ['ernie-image'],
    steps: [8],
    scheduler: { type: 'flow-match-euler', spacing: 'trailing' },
    guidance: null,
  },
  'sd3.5-turbo': {
    families: ['sd3'],
    steps: [4],
    scheduler: { type: 'flow-match-euler', spacing: 'linspace', shift: 3 },
    guidance: 0,
  },
  'sana-sprint': { families: ['sana'], steps: [2, 1, 3, 4], scheduler: { type: 'scm' }, guidance: 4.5 },
};
