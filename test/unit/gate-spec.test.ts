/** What of a gate is refused, with its sentence; what is settled; ids. */
import { describe, expect, it } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import { gateIdOf } from '../../contract/gate-id.js';
import { readGate, settleGate } from '../../contract/validate-gate.js';
import { settleGateHere } from '../../planning/settle.js';

const GATE = {
  reference: { model: 'shapes', precision: 'fp32' },
  candidate: { model: 'shapes', precision: 'w4a8' },
};
const FOLDERS = { reference: { images: '/a' }, candidate: { images: '/b' }, scores: ['ssim'], margins: { ssim: 0.9 } };

function refusal(written: unknown, by: (written: unknown) => unknown = settleGateHere): string {
  try {
    by(written);
  } catch (error) {
    expect(error).toBeInstanceOf(QschedError);
    const { code, message, hint } = error as QschedError;
    expect(code).toBe('usage');
    return `${message} ${hint}`;
  }
  throw new Error('it was not refused');
}

describe('a gate that cannot give a verdict', () => {
  it.each<[string, object, RegExp]>([
    ['a margin of 0', { margins: { objective: 0 } }, /margins\.objective is 0: no number of images shows .* above 0/],
    ['a spread of 0', { spread: 0 }, /spread is 0: no number of images shows/],
    ['a margin below 0', { margins: { objective: -1 } }, /margins\.objective is -1: must be above 0/],
    ['too few prompts', { prompts: { count: 19 } }, /prompts\.count is 19: a gate needs at least 20 prompts/],
    [
      'too few texts',
      { prompts: { texts: ['a red circle', 'a blue square'] } },
      /prompts\.texts holds 2: a gate needs at least 20 prompts/,
    ],
    ['a set with too few', { prompts: { skip: 2380 } }, /"shapes-eval" holds \d+ prompts beside the first 2380: .* 20/],
    [
      'both sides the same',
      { candidate: GATE.reference },
      /reference and candidate are the same: .*\(--allow-identical\)/,
    ],
    [
      'one seed without a margin',
      { prompts: { seeds: [1] } },
      /objective has no margin, and prompts\.seeds has one seed/,
    ],
    ['a pairwise score without a margin', { scores: ['lpips'] }, /lpips has no margin: .* margins: \{lpips: 0\.1\}/],
    [
      'a margin of nothing',
      { margins: { lpips: 0.1 } },
      /margins\.lpips is for a score that is not looked at: scores has objective, second/,
    ],
    ['a score twice', { scores: ['objective', 'objective'] }, /lists a score twice/],
    ['an unknown key', { margin: 1 }, /Unknown key "margin"\. .*margins/],
    ['another network field', { candidate: { model: 'shapes', steps: 2 } }, /Unknown key "candidate\.steps"/],
    ['no candidate', { candidate: undefined }, /candidate is missing/],
    ['a side without a model', { candidate: { precision: 'w4a8' } }, /candidate\.model is missing/],
    [
      'coefficients of other steps',
      { candidate: { ...GATE.candidate, schedule: { name: 'x', coefficients: { sample: [1], noise: [1] } } } },
      /candidate\.schedule\.coefficients\.sample has 1 numbers/,
    ],
    ['folder and network', { reference: { images: '/a' } }, /candidate is a network, and the other side a folder/],
  ])('is refused: %s', (_, change, sentence) => {
    expect(refusal({ ...GATE, ...change })).toMatch(sentence);
  });

  it.each<[string, object, RegExp]>([
    [
      'a precision',
      { candidate: { images: '/b', precision: 'w4a8' } },
      /candidate is a folder of images, which has no precision/,
    ],
    [
      'a spread of the candidate',
      { candidate: { images: '/b', spread: '/c' } },
      /candidate\.spread is for the reference/,
    ],
  ])('is refused for folders: %s', (_, change, sentence) => {
    expect(refusal({ ...FOLDERS, ...change })).toMatch(sentence);
  });
});

describe('a gate with its defaults', () => {
  it('takes the objective and the second scorer, two seeds and a tenth of the spread', () => {
    const { spec, evaluation } = settleGateHere(GATE);
    expect(spec).toMatchObject({
      scores: ['objective', 'second'],
      margins: {},
      spread: 0.1,
      power: 0.9,
      alpha: 0.025,
      prompts: { set: 'shapes-eval', seeds: [3000, 3001] },
    });
    expect(evaluation.rows.map(({ precision, schedule }) => [precision, schedule])).toEqual([
      ['fp32', 'identity'],
      ['w4a8', 'identity'],
    ]);
    expect(evaluation).toMatchObject({ features: null, scorers: ['second'] });
  });

  it('has full precision as its reference, and no more prompts than the set', () => {
    const { spec } = settleGateHere({
      reference: { model: 'shapes' },
      candidate: { model: 'shapes' },
      prompts: { set: 'shapes-heldout', count: 100_000 },
    });
    expect(spec.reference.precision).toBe('fp32');
    expect(spec.candidate.precision).toBe('w4a8');
    expect(spec.prompts.count).toBeLessThan(1000);
  });

  it('leaves scorers out that no score asks for', () => {
    const { evaluation } = settleGateHere({ ...GATE, scores: ['objective', 'ssim'], margins: { ssim: 0.9 } });
    expect(evaluation.scorers).toEqual([]);
  });

  it('is settled by a description as by the files', () => {
    const here = settleGateHere(GATE);
    expect(settleGate(here.spec, [{ precision: 'fp32' }, { precision: 'w4a8' }]).spec).toEqual(here.spec);
  });

  it('may be identical if that was asked for', () => {
    expect(settleGateHere({ ...GATE, candidate: GATE.reference, allowIdentical: true }).spec.allowIdentical).toBe(true);
  });

  it('has an id of its content', () => {
    const id = gateIdOf(settleGateHere(GATE).spec);
    expect(id).toMatch(/^gate-[0-9a-f]{12}$/);
    expect(gateIdOf(settleGateHere({ ...GATE, scores: ['objective', 'second'] }).spec)).toBe(id);
    expect(gateIdOf(settleGateHere({ ...GATE, spread: 0.2 }).spec)).not.toBe(id);
  });

  it('compares folders by the scorers of the bundled model', () => {
    const { spec, evaluation } = readGate(FOLDERS);
    expect(spec.reference.images).toBe('/a');
    expect(evaluation.rows.map(({ model }) => model)).toEqual(['shapes']);
  });
});
