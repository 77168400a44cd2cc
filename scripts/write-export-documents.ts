/**
 * Writes test/golden/diffusers-export/documents.json: exports of every scheduler, for
 * tools/golden/diffusers_export.py to sample with:
 *
 *   npx tsx scripts/write-export-documents.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SchedulerConfig } from '../diffusion/config-reader.js';
import type { PtqdStep } from '../diffusion/ptqd.js';
import { scheduleDocument } from '../diffusion/schedule-document.js';
import { createScheduler } from '../diffusion/scheduler.js';
import type { CompleteSchedule } from '../contract/schedule-document.js';

/** Where the documents are kept. */
export const DOCUMENTS_PATH = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  'test',
  'golden',
  'diffusers-export',
  'documents.json',
);

const LATENT = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };
const TRAILING = { ...LATENT, timestep_spacing: 'trailing', steps_offset: 1 };
const SAMPLE = [0.93, 1.07, 0.981, 1.12, 0.875, 1.031, 0.967, 1.004];
const NOISE = [1.04, 0.955, 1.093, 0.902, 1.11, 0.987, 1.015, 0.949];
const FITS: readonly PtqdStep[] = [0.02, -0.03, 0.05, 0.01].map((gamma, i) => ({
  method: 'std',
  gamma,
  mu: [0.01 * (i + 1), -0.02],
  variance: 0.003 * (i + 1),
}));

type Choice = CompleteSchedule['scheduler'];
const CASES: readonly { type: Choice['type']; config: SchedulerConfig; steps: number; eta?: number; ptqd?: true }[] = [
  { type: 'tcd', config: { _class_name: 'TCDScheduler' }, steps: 4 },
  { type: 'tcd', config: { _class_name: 'TCDScheduler' }, steps: 4, eta: 0.3 },
  { type: 'tcd', config: { _class_name: 'TCDScheduler', prediction_type: 'v_prediction' }, steps: 8, eta: 1 },
  { type: 'lcm', config: { _class_name: 'LCMScheduler' }, steps: 4 },
  { type: 'ddim', config: { _class_name: 'DDIMScheduler', ...TRAILING, clip_sample: false }, steps: 4 },
  { type: 'ddim', config: { _class_name: 'DDIMScheduler', ...TRAILING, clip_sample: false }, steps: 4, eta: 0.5 },
  { type: 'euler', config: { _class_name: 'EulerDiscreteScheduler', ...TRAILING }, steps: 4 },
  { type: 'euler-ancestral', config: { _class_name: 'EulerAncestralDiscreteScheduler', ...TRAILING }, steps: 1 },
  { type: 'euler-ancestral', config: { _class_name: 'EulerAncestralDiscreteScheduler', ...TRAILING }, steps: 4 },
  { type: 'flow-match-euler', config: { _class_name: 'FlowMatchEulerDiscreteScheduler', shift: 1.5 }, steps: 4 },
  { type: 'consistency', config: { _class_name: 'CMStochasticIterativeScheduler', clip_denoised: false }, steps: 2 },
  { type: 'flow-match-lcm', config: { _class_name: 'FlowMatchLCMScheduler', shift: 1.5 }, steps: 4 },
  { type: 'scm', config: { _class_name: 'SCMScheduler' }, steps: 2 },
  { type: 'tcd', config: { _class_name: 'TCDScheduler' }, steps: 4, eta: 0.3, ptqd: true },
  { type: 'lcm', config: { _class_name: 'LCMScheduler' }, steps: 4, ptqd: true },
];

/** An export of every case. */
export function exportDocuments(): CompleteSchedule[] {
  return CASES.map(({ type, config, steps, eta = 0, ptqd }) => {
    const scheduler = createScheduler(config);
    scheduler.setTimesteps(steps, { eta });
    return scheduleDocument(
      scheduler,
      { kind: ptqd ? 'ptqd' : 'file', scheduler: { type, steps, eta, config } },
      { sample: SAMPLE.slice(0, steps), noise: NOISE.slice(0, steps) },
      ptqd && FITS,
    );
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(dirname(DOCUMENTS_PATH), { recursive: true });
  writeFileSync(DOCUMENTS_PATH, `${JSON.stringify(exportDocuments(), null, 1)}\n`);
}
