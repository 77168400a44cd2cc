/**
 * The way back to diffusers: exported schedules, applied by tools/qsched_diffusers.py and sampled in
 * the loop of diffusers' pipelines, against our fused trajectories.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyFused, requireFused } from '../../diffusion/fused.js';
import { DOCUMENTS_PATH, exportDocuments } from '../../scripts/write-export-documents.js';
import type { CompleteSchedule } from '../../contract/schedule-document.js';

interface Golden {
  readonly pool: { readonly initial: number[]; readonly noise: number[][] };
  readonly trajectories: number[][][];
  readonly refusals: { readonly case: string; readonly message: string }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/diffusers-export/trajectories.json', import.meta.url), 'utf8'),
) as Golden;
const documents = JSON.parse(readFileSync(DOCUMENTS_PATH, 'utf8')) as CompleteSchedule[];
const CHANNELS = 2;
const { fround } = Math;

/** The dummy network of the Python script. */
function network(input: Float32Array, timestep: number): Float32Array {
  const t = Math.abs(timestep);
  return input.map((value) => fround(fround(value * (t / (t + 1000))) + 0.1));
}

it('the documents that diffusers was given are the ones that are exported now', () => {
  expect(JSON.parse(JSON.stringify(exportDocuments()))).toEqual(documents);
  expect(golden.trajectories).toHaveLength(documents.length);
});

describe('diffusers with an exported schedule is our trajectory to 1e-5', () => {
  it.each(documents.map((document, i) => ({ ...document.scheduler, kind: document.kind, document, i })))(
    '$type, $steps steps, eta $eta ($kind)',
    ({ document, i }) => {
      const fused = requireFused(document.fused, 'it is compared');
      const x = Float32Array.from(golden.pool.initial, (value) => value * fused.initNoiseSigma);
      golden.trajectories[i]!.forEach((expected, s) => {
        const step = fused.steps[s]!;
        applyFused(
          step,
          x,
          network(
            x.map((value) => value * step.inputScale),
            step.timestep,
          ),
          Float32Array.from(golden.pool.noise[s]!),
          x,
          CHANNELS,
        );
        expected.forEach((value, j) =>
          expect(Math.abs(x[j]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))),
        );
      });
    },
  );

  it('the coefficients do something in every one of them', () => {
    documents.forEach(({ fused, identity }) => expect(fused.steps).not.toEqual(identity!.steps));
  });
});

describe('the Python module refuses in a clear sentence', () => {
  it.each([
    ['format', /format is 'other\/1', not 'qsched-schedule\/1'/],
    ['class', /made for TCDScheduler \(tcd\), but the scheduler is LCMScheduler/],
    ['steps', /has 8 steps, but the schedule was made for 4: pass num_inference_steps=4/],
    ['length', /coefficients\.sample has 3 entries, but scheduler\.steps is 4/],
    ['finite', /coefficients\.noise\[1\] is nan: must be a finite number/],
    ['timesteps', /timesteps are \[999, 759, 499, 259\], but the schedule was made for \[999, 749, 499, 249\]/],
    ['eta', /eta is 0\.3, but the schedule was made with eta 0/],
  ])('%s', (name, pattern) => {
    expect(golden.refusals.find((one) => one.case === name)?.message).toMatch(pattern);
  });
});
