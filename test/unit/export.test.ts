/** What is exported: the reference's fields, the document's schema, and what a document must not contain. */
import { requireFused } from '../../diffusion/fused.js';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceConfig } from '../../cli/text/reference-config.js';
import { completeSchedule, scheduleDocument } from '../../diffusion/schedule-document.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { SCHEDULE_SCHEMA_PATH, scheduleSchemaText } from '../../scripts/write-schemas.js';
import { exportDocuments } from '../../scripts/write-export-documents.js';
import { parseSchedule, scaleFused, ScheduleDocument } from '../../contract/schedule-document.js';

const about = {
  model: 'shapes',
  precision: 'w4a8',
  eta: 0.3,
  objective: { type: 'jaq-clip-log', k: 2 },
  rows: [
    { cosine: 0.3, 'clip-iqa.quality': 0.5 },
    { cosine: 0.2, 'clip-iqa.quality': 0.7 },
  ],
};
const tcd = (steps = 4, eta = 0) => {
  const scheduler = createScheduler({ _class_name: 'TCDScheduler' });
  scheduler.setTimesteps(steps, { eta });
  return scheduler;
};
const hand = (more: Record<string, unknown> = {}) => ({
  format: 'qsched-schedule/1',
  scheduler: { type: 'tcd', steps: 4, eta: 0 },
  coefficients: { sample: [1, 1, 1, 1], noise: [1.1, 1, 1, 1] },
  ...more,
});

describe("the reference's fields", () => {
  it('are those of its best_rank_config', () => {
    expect(referenceConfig({ sample: [0.9, 0.95, 1], noise: [1.06, 1.03, 1] }, about)).toEqual({
      model_coeff: 1.06,
      sample_coeff: 0.9,
      clip_score: 25,
      ranking_criteria: 'new',
      k_value: 2,
      clipiqa_scores: [0.5, 0.7],
      checkpoint: 'shapes',
      quant_type: 'w4a8',
      eta: 0.3,
      start_model_coeff: 1.06,
      max_model_coeff: 1,
      start_sample_coeff: 0.9,
      max_sample_coeff: 1,
    });
    expect(referenceConfig({ sample: [0.9], noise: [1.1] }, { ...about, rows: [] })).toMatchObject({
      clip_score: null,
      max_sample_coeff: 0.9,
    });
  });

  it('refuse coefficients that are not evenly spaced', () => {
    expect(() => referenceConfig({ sample: [1, 0.9, 1], noise: [1, 1, 1] }, about)).toThrow(
      'c^x is [1, 0.9, 1], which is not evenly spaced',
    );
  });
});

describe('a schedule document', () => {
  it('has the committed JSON Schema', () => {
    expect(readFileSync(SCHEDULE_SCHEMA_PATH, 'utf8')).toBe(scheduleSchemaText());
  });

  it.each(
    exportDocuments().map(
      (document) => [`${document.scheduler.type} ${document.scheduler.steps} ${document.kind}`, document] as const,
    ),
  )('%s serialises and comes back the same', (_, document) => {
    const again = parseSchedule(JSON.parse(JSON.stringify(document)), 'it');
    expect(again).toEqual(document);
    expect(ScheduleDocument.parse(again)).toEqual(document);
  });

  it('holds what the scheduler itself fuses, bit for bit', () => {
    const value = fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(value, value, fc.constantFrom(0, 0.3, 1), (sample, noise, eta) => {
        const scheduler = tcd(4, eta);
        const document = scheduleDocument(
          scheduler,
          { kind: 'file', scheduler: { type: 'tcd', steps: 4, eta } },
          { sample, noise },
        );
        expect(document.fused).toEqual(scheduler.fused({ sample, noise }));
        expect(scaleFused(document.identity!, { sample, noise })).toEqual(document.fused);
      }),
      { numRuns: 50 },
    );
  });

  it('by hand needs the scheduler and the coefficients alone', () => {
    const complete = completeSchedule(tcd(), parseSchedule(hand(), 'it'), 'it');
    expect(complete).toMatchObject({ kind: 'file', timesteps: [999, 759, 499, 259] });
    expect(requireFused(complete.fused, 'it is compared').steps[0]!.b).toBe(tcd().fused().steps[0]!.b * 1.1);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'wrong length',
      { coefficients: { sample: [1, 1], noise: [1, 1, 1, 1] } },
      /coefficients\.sample has 2 entries, but scheduler\.steps is 4/,
    ],
    [
      'not a number',
      { coefficients: { sample: [1, null, 1, 1], noise: [1, 1, 1, 1] } },
      /coefficients\.sample\.1 must be a finite number/,
    ],
    ['another format', { format: 'other/1' }, /format must be "qsched-schedule\/1"/],
    ['an unknown key', { coefficents: {} }, /unknown key "coefficents"/],
    ['other steps', { timesteps: [999, 499] }, /timesteps has 2 entries, but scheduler\.steps is 4/],
    [
      'steps of another scheduler',
      { fused: { ...tcd().fused(), scheduler: 'lcm' } },
      /fused was made with the scheduler "lcm", but scheduler\.type is "tcd"/,
    ],
    [
      'other timesteps',
      { timesteps: [999, 749, 499, 249] },
      /made for the timesteps 999, 749, 499, 249, but tcd with 4 steps has 999, 759, 499, 259/,
    ],
    [
      'steps that say something else',
      { fused: tcd().fused() },
      /fused differs from what its scheduler, coefficients and ptqd give/,
    ],
    ['PTQD of other steps', { ptqd: [{ method: 'std', gamma: 0, mu: 0, variance: 0 }] }, /ptqd has 1 entries/],
  ])('is refused with %s', (_, more, pattern) => {
    expect(() => completeSchedule(tcd(), parseSchedule(hand(more), 'schedule.json'), 'schedule.json')).toThrow(pattern);
  });
});
