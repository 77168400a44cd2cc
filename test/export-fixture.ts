/** Documents of tests, with a provenance as an export has it. */
import { scheduleId } from '../db/keys.js';
import type { Provenance } from '../contract/provenance.js';
import type { CompleteSchedule } from '../contract/schedule-document.js';
import { RELEASE } from '../contract/release.js';
import type { ExportedSchedule } from '../exports/target.js';

export const completed = (
  document: CompleteSchedule,
  more: Partial<Provenance> = {},
): ExportedSchedule['document'] => ({
  ...document,
  provenance: {
    qsched: RELEASE,
    schedule: scheduleId(document.fused),
    kind: document.kind,
    model: 'shapes',
    precision: 'w4a8',
    searchId: 'a-search',
    files: { 'unet/model_w4a8.onnx': 'ab'.repeat(32), 'vae_decoder/model.onnx': 'cd'.repeat(32) },
    numeric: { provider: 'cpu', onnxruntime: '1.30.0', batch: 20 },
    verdict: { recommend: 'calibrated', reason: 'gain', gain: 0.24, low: 0.2, high: 0.28, prompts: 128 },
    ...more,
  },
});
