/** What targets refuse, and with which sentence; what they need to know. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXPORT } from '../../cli/input/flags.js';
import { scaleFused, type CompleteSchedule } from '../../contract/schedule-document.js';
import { scheduleDocument } from '../../diffusion/schedule-document.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import type { TimestepOptions } from '../../diffusion/definition.js';
import { compareFiles } from '../../exports/compare-files.js';
import { readProvenance } from '../../exports/read-provenance.js';
import { exportedSchedule } from '../../exports/target.js';
import { EXPORT_TARGETS, type ExportTargetName } from '../../exports/targets.js';
import { completed } from '../export-fixture.js';

const ONES = [1, 1, 1, 1];

/** A flow-matching or Euler schedule with coefficients. */
function schedule(
  type: 'flow-match-euler' | 'euler',
  noise: number[] = ONES,
  more: Record<string, unknown> = {},
  options: TimestepOptions = {},
): CompleteSchedule {
  const names = { 'flow-match-euler': 'FlowMatchEulerDiscreteScheduler', euler: 'EulerDiscreteScheduler' };
  const config = { _class_name: names[type], ...more };
  const scheduler = createScheduler(config);
  scheduler.setTimesteps(noise.length, options);
  return scheduleDocument(
    scheduler,
    { kind: 'file', scheduler: { type, steps: noise.length, eta: 0, config } },
    { sample: noise.map(() => 1), noise },
  );
}

const write = (document: CompleteSchedule, target: ExportTargetName) =>
  EXPORT_TARGETS[target].write(exportedSchedule(completed(document)), { layout: 'channels' });
const text = (document: CompleteSchedule, target: ExportTargetName, at = 0): string =>
  String(write(document, target).files[at]!.content);

it('--to names every target', () => {
  for (const name of Object.keys(EXPORT_TARGETS)) expect(EXPORT.to.help).toContain(name);
});

describe('a schedule that clips', () => {
  const clipped = (): CompleteSchedule => {
    const config = { _class_name: 'DDIMScheduler', clip_sample: true, timestep_spacing: 'trailing' };
    const scheduler = createScheduler(config);
    scheduler.setTimesteps(4);
    return scheduleDocument(scheduler, { kind: 'file', scheduler: { type: 'ddim', steps: 4, eta: 0, config } });
  };

  it('is refused before any target sees it', () => {
    expect(() => exportedSchedule(completed(clipped()))).toThrow(
      'clips its predicted sample to [-1, 1]: its steps have no fused form, and an export needs them',
    );
  });
});

describe('a config of diffusers', () => {
  it('says one c^eps for all steps wherever the number of training steps stays whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 700, max: 1400 }), (trained) => {
        const factor = 1000 / trained;
        const document = schedule('flow-match-euler', [factor, factor, factor], { shift: 3 });
        const config = JSON.parse(text(document, 'diffusers-config')) as Record<string, unknown>;
        const { call } = JSON.parse(text(document, 'diffusers-config', 1)) as { call: { sigmas: number[] } };
        expect(config).toMatchObject(trained === 1000 ? { shift: 1 } : { shift: 1, num_train_timesteps: trained });
        // What diffusers computes from them: timesteps, and the widths of the steps.
        const sigmas = [...call.sigmas, 0];
        document.fused.steps.forEach((step, i) => {
          expect(Math.abs(sigmas[i]! * trained - step.timestep)).toBeLessThan(1e-3);
          expect(Math.abs(sigmas[i + 1]! - sigmas[i]! - ('b' in step ? step.b : NaN))).toBeLessThan(1e-6);
        });
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, CompleteSchedule, string]>([
    [
      'another c^eps',
      schedule('flow-match-euler', [1.0301, 1.0301]),
      'which must be whole; the nearest factors are 1000/970 = 1.0309278350515463 and 1000/971 = 1.0298661174047374',
    ],
    [
      'c^eps that differs by step',
      schedule('flow-match-euler', [1.02, 0.98]),
      "c^eps differs by step, [1.02, 0.98], and a sigma is at once the network's timestep",
    ],
    ['another scheduler', schedule('euler', [1.25, 1.25]), 'only the sigmas of flow matching leave room for a factor'],
    [
      'sigmas that are inverted',
      schedule('flow-match-euler', [1.25, 1.25], { invert_sigmas: true }),
      "its steps are not those of Euler's method over falling sigmas that end at 0",
    ],
  ])('refuses %s', (_, document, reason) => {
    expect(() => write(document, 'diffusers-config')).toThrow(reason);
  });

  it('needs the config of the model', () => {
    const { config: _, ...scheduler } = schedule('euler').scheduler;
    expect(() => write({ ...schedule('euler'), scheduler }, 'diffusers-config')).toThrow(
      "The model's scheduler_config.json is not here",
    );
  });
});

describe('stable-diffusion.cpp', () => {
  it.each<[string, CompleteSchedule, string]>([
    [
      'a last c^eps above 1',
      schedule('euler', [1, 1, 1, 1.1], { timestep_spacing: 'trailing' }),
      'c^eps of the last step is 1.1, above 1: the list would end below 0',
    ],
    [
      'a last c^eps of flow matching',
      schedule('flow-match-euler', [1, 1, 1, 0.9]),
      'c^eps of the last step is 0.9, and for flow matching the list must end at 0',
    ],
    [
      'flow matching that starts below 1',
      schedule('flow-match-euler', ONES, {}, { sigmas: [0.9, 0.6, 0.4, 0.2] }),
      'its first sigma is 0.8999999761581421, and stable-diffusion.cpp would scale the noise by it',
    ],
    [
      'noise of another size than the first sigma',
      schedule('euler', ONES, { timestep_spacing: 'leading', steps_offset: 1 }),
      'and stable-diffusion.cpp from its first sigma',
    ],
  ])('refuses %s', (_, document, reason) => {
    expect(() => write(document, 'sd-cpp')).toThrow(reason);
  });
});

it('ComfyUI refuses timesteps that it would round', () => {
  const document = schedule('euler', [1, 1, 1], { timestep_spacing: 'linspace' });
  expect(() => write(document, 'comfyui')).toThrow(
    'ComfyUI rounds the timesteps of such models to whole numbers, but the schedule has 499.5',
  );
});

describe('scheduler_step.onnx', () => {
  it.each([
    ['50 steps', 50, null],
    ['30 steps and offsets of 16 channels', 30, Array.from({ length: 16 }, (_, i) => i / 7)],
  ])('has at most 8 KB with %s and the hashes of 16 files', (_, steps, offsets) => {
    const plain = schedule(
      'euler',
      Array.from({ length: steps }, (_factor, i) => 1 + i / 1000),
    );
    const withOffsets = plain.fused.steps.map((step) => ({ ...step, ...(offsets === null ? {} : { d: offsets }) }));
    const document = { ...plain, fused: { ...plain.fused, steps: withOffsets } } as CompleteSchedule;
    const files = Object.fromEntries(
      Array.from({ length: 16 }, (_, i) => [`text_encoder_${i}/model.onnx`, 'ab'.repeat(32)]),
    );
    const exported = exportedSchedule(completed(document, { files }));
    const [{ content }] = EXPORT_TARGETS.onnx.write(exported, { layout: 'channels' }).files;
    expect(content.length).toBeLessThanOrEqual(8192);
  });
});

describe('provenance', () => {
  it('is read back from every target, also with names beyond ASCII', () => {
    const document = completed(schedule('euler', ONES, { timestep_spacing: 'trailing' }), { model: 'modèle "ü" 画' });
    for (const [name, target] of Object.entries(EXPORT_TARGETS)) {
      const read = target.write(exportedSchedule(document), { layout: 'channels' }).files.map(({ content }) => {
        const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
        try {
          return readProvenance(bytes, name);
        } catch {
          return null;
        }
      });
      expect(read.filter((one) => one !== null)).toEqual([document.provenance]);
    }
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'carries no provenance'],
    ['another program', '{"provenance": {"qsched": 1}}', 'its provenance cannot be read: qsched'],
    ['a damaged line', '# qsched-provenance: {"qsched":', 'carries no provenance'],
  ])('of %s is refused', (_, content, message) => {
    expect(() => readProvenance(new TextEncoder().encode(content), 'it')).toThrow(message);
  });
});

describe('files of a model', () => {
  const files = { 'unet/model_w4a8.onnx': 'a', 'vae_decoder/model.onnx': 'b', 'text_encoder/model.onnx': 'c' };

  it.each<[string, Record<string, string>, ReturnType<typeof compareFiles>]>([
    ['the same', files, { answer: 'match', same: Object.keys(files).sort(), changed: [], missing: [], added: [] }],
    [
      'the same under other names',
      { 'unet/model.onnx': 'a', 'vae_decoder/model.onnx': 'b', 'text_encoder/model.onnx': 'c' },
      {
        answer: 'match',
        same: ['text_encoder/model.onnx', 'vae_decoder/model.onnx'],
        changed: [],
        missing: ['unet/model_w4a8.onnx'],
        added: ['unet/model.onnx'],
      },
    ],
    [
      'another denoiser',
      { ...files, 'unet/model_w4a8.onnx': 'x' },
      {
        answer: 'precision',
        same: ['text_encoder/model.onnx', 'vae_decoder/model.onnx'],
        changed: ['unet/model_w4a8.onnx'],
        missing: [],
        added: [],
      },
    ],
    [
      'another decoder',
      { ...files, 'vae_decoder/model.onnx': 'x' },
      {
        answer: 'other',
        same: ['text_encoder/model.onnx', 'unet/model_w4a8.onnx'],
        changed: ['vae_decoder/model.onnx'],
        missing: [],
        added: [],
      },
    ],
  ])('%s', (_, found, comparison) => {
    expect(compareFiles(files, found)).toEqual(comparison);
  });
});

it('coefficients do something in the steps that are exported', () => {
  const document = schedule('euler', [1.1, 1, 1, 1], { timestep_spacing: 'trailing' });
  expect(text(document, 'comfyui')).not.toBe(
    text(schedule('euler', ONES, { timestep_spacing: 'trailing' }), 'comfyui'),
  );
  expect(scaleFused(document.identity!, document.coefficients)).toEqual(document.fused);
});
