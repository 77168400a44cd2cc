/**
 * Options of samplers by what they are about, in the key names of diffusers: what a scheduler's class has of them, a
 * config keeps when another scheduler takes the model's place (other-sampler.ts).
 */

/** Clipping and thresholding of the predicted sample. */
export const CLIPPING = [
  'clip_sample',
  'clip_sample_range',
  'thresholding',
  'dynamic_thresholding_ratio',
  'sample_max_value',
];
/** How timesteps spread. */
export const SPACING = ['timestep_spacing', 'steps_offset'];
/** Grid and boundary of distilled samplers. */
export const GRID = ['original_inference_steps', 'timestep_scaling'];
/** Ladders of sigmas, their interpolation and their end. */
export const LADDER = [
  'use_karras_sigmas',
  'use_exponential_sigmas',
  'use_beta_sigmas',
  'sigma_min',
  'sigma_max',
  'interpolation_type',
  'timestep_type',
  'final_sigmas_type',
];
/** How flow matching spreads its sigmas. */
export const SHIFTING = [
  'shift',
  'use_dynamic_shifting',
  'base_shift',
  'max_shift',
  'base_image_seq_len',
  'max_image_seq_len',
  'time_shift_type',
  'shift_terminal',
  'invert_sigmas',
  'use_karras_sigmas',
  'use_exponential_sigmas',
  'use_beta_sigmas',
];
/** Options of PNDM, DDPM, DPM-Solver, UniPC, DEIS and Heun, which are not built here. */
export const SOLVERS = [
  'skip_prk_steps',
  'variance_type',
  'solver_order',
  'solver_type',
  'solver_p',
  'algorithm_type',
  'lower_order_final',
  'euler_at_final',
  'use_lu_lambdas',
  'lambda_min_clipped',
  'predict_x0',
  'disable_corrector',
  'flow_shift',
  'use_flow_sigmas',
  'corrector_order',
  'predictor_order',
  'tau_func',
  'noise_sampler_seed',
];
