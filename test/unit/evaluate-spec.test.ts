/** The spec of an evaluation: defaults, one clear sentence for what is wrong, its JSON Schema, its shards, its table. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateTable } from '../../cli/text/evaluate-table.js';
import { EVALUATE_SCHEMA_PATH, evaluateSchemaText } from '../../scripts/write-schemas.js';
import { QschedError } from '../../contract/errors.js';
import { EvaluateSpec, type EvaluatedRow } from '../../contract/evaluate-spec.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { atMost } from '../../workflows/at-most.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import { Shards, type Shard } from '../../workflows/evaluate/shards.js';

const ROW = { model: 'shapes' };

function refusal(input: unknown): QschedError {
  try {
    parseEvaluateSpec(input);
  } catch (error) {
    if (error instanceof QschedError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(input)} was taken`);
}

describe('a spec', () => {
  test('has every default but its rows', () => {
    expect(parseEvaluateSpec({ rows: [ROW] })).toEqual({
      rows: [
        { model: 'shapes', precision: 'w4a8', scheduler: { type: 'tcd', steps: 4, eta: 0 }, schedule: 'identity' },
      ],
      prompts: { set: 'shapes-eval', count: 1000, seeds: [2000] },
      objective: { type: 'jaq-clip', k: 2, scorer: 'objective' },
      scorers: ['second'],
      features: 'second',
      pairwise: [],
      retryFailed: false,
      waitForWorker: 600,
    });
  });

  test('is the same again when it is read again', () => {
    const once = parseEvaluateSpec({
      rows: [
        ROW,
        { ...ROW, schedule: { name: 'mine', coefficients: { sample: [1, 1, 1, 0.9], noise: [1, 1, 1, 1.1] } } },
      ],
      features: null,
      objective: { weights: { 'clip-score': 1 } },
    });
    expect(parseEvaluateSpec(once)).toEqual(once);
  });

  test.each([
    ['no object', 7, 'An evaluation needs an object with rows.'],
    ['no rows', {}, 'rows is missing.'],
    ['an empty table', { rows: [] }, 'rows is []: needs at least one row.'],
    ['an unknown key', { rows: [ROW], prompt: {} }, 'Unknown key "prompt".'],
    ['an unknown key of a row', { rows: [{ ...ROW, steps: 4 }] }, 'Unknown key "rows.0.steps".'],
    ['a path for a model', { rows: [{ model: '../shapes' }] }, 'rows.0.model is "../shapes": must be a plain name'],
    ['no model', { rows: [{}] }, 'rows.0.model is missing.'],
    ['no step', { rows: [{ ...ROW, scheduler: { steps: 0 } }] }, 'rows.0.scheduler.steps is 0: must be from 1 to 50.'],
    [
      'an unknown scheduler',
      { rows: [{ ...ROW, scheduler: { type: 'tdc' } }] },
      'rows.0.scheduler.type is "tdc", which is not one of the choices.',
    ],
    [
      'an unknown schedule',
      { rows: [{ ...ROW, schedule: 'best' }] },
      'rows.0.schedule is "best": must be identity, ptqd or match (the latest fit), q-sched (the latest finished search), search:<id> or schedule:<id>',
    ],
    [
      'too few coefficients',
      { rows: [{ ...ROW, schedule: { name: 'mine', coefficients: { sample: [1, 1], noise: [1, 1, 1, 1] } } }] },
      "rows.0.schedule.coefficients.sample has 2 numbers, but the row's scheduler has 4 steps.",
    ],
    [
      'a coefficient that is not a number',
      {
        rows: [
          { ...ROW, schedule: { name: 'mine', coefficients: { sample: [1, 1, 1, Infinity], noise: [1, 1, 1, 1] } } },
        ],
      },
      'rows.0.schedule is',
    ],
    ['a row twice', { rows: [ROW, { ...ROW, precision: 'w4a8' }] }, 'rows.0 and rows.1 are the same.'],
    ['one prompt', { rows: [ROW], prompts: { count: 1 } }, 'prompts.count is 1: must be from 2 to 100000.'],
    ['a seed twice', { rows: [ROW], prompts: { seeds: [1, 1] } }, 'prompts.seeds is [1,1]: lists a seed twice.'],
    [
      'weights without their objective',
      { rows: [ROW], objective: { type: 'jaq-clip', weights: { 'clip-score': 1 } } },
      'objective.weights is only for the weighted objective',
    ],
    [
      'a text for a group',
      { rows: [ROW], prompts: 'shapes-eval' },
      'prompts is "shapes-eval": must be a group of keys: set, texts, count, skip, seeds.',
    ],
  ])('with %s is refused', (_, input, message) => {
    const error = refusal(input);
    expect(error.message).toContain(message);
    expect(error.code).toBe('usage');
    expect(error.hint).not.toBe('');
  });

  test('names every problem, the first in full', () => {
    const error = refusal({
      rows: [
        { ...ROW, scheduler: { steps: 0 } },
        { ...ROW, precison: 'fp32' },
      ],
      prompts: { count: 1 },
    });
    expect(error.message).toBe(
      'rows.0.scheduler.steps is 0: must be from 1 to 50. (and 2 more: rows.1.precison, prompts.count)',
    );
  });

  test('counts its own texts: another count is refused, a spec that was filled in is not', () => {
    const texts = ['a cat', 'a dog', 'a bird'];
    const once = parseEvaluateSpec({ rows: [ROW], prompts: { texts } });
    expect(once.prompts.count).toBe(3);
    expect(parseEvaluateSpec(once)).toEqual(once);
    const byZod = EvaluateSpec.parse({ rows: [ROW], prompts: { texts } });
    expect(parseEvaluateSpec(byZod)).toEqual(byZod);
    expect(refusal({ rows: [ROW], prompts: { texts, count: 2 } }).message).toBe(
      'prompts.count is 2, but prompts.texts holds 3 prompts.',
    );
    expect(refusal({ rows: [ROW], prompts: { texts, count: 1000 } }).message).toBe(
      'prompts.count is 1000, but prompts.texts holds 3 prompts.',
    );
    expect(refusal({ rows: [ROW], prompts: { texts: ['a cat'] } }).message).toContain('prompts.texts holds one prompt');
  });

  test('bounds its own texts over all networks, which are prepared together', () => {
    const texts = Array.from({ length: 100 }, (_, i) => `${'a'.repeat(994)} ${i}`);
    const rows = Array.from({ length: 21 }, (_, i) => ({ ...ROW, scheduler: { steps: i + 1 } }));
    expect(refusal({ rows, prompts: { texts } }).message).toBe(
      'prompts.texts is 100 KB, once for each of 21 networks: 2.1 MB, and at most 2 MB fit.',
    );
    expect(parseEvaluateSpec({ rows: rows.slice(0, 19), prompts: { texts } }).rows).toHaveLength(19);
    expect(
      parseEvaluateSpec({
        rows: rows.slice(0, 19).flatMap((row) => [row, { ...row, schedule: 'ptqd' }]),
        prompts: { texts },
      }).rows,
    ).toHaveLength(38);
    expect(parseEvaluateSpec({ rows }).rows).toHaveLength(21);
  });

  test('names what was meant', () => {
    expect(refusal({ rows: [{ ...ROW, schedulr: {} }] }).hint).toContain('Did you mean "scheduler"?');
    expect(refusal({ rows: [{ ...ROW, scheduler: { type: 'tdc' } }] }).hint).toContain('tcd');
  });

  test('tells the place in a file', () => {
    expect(() => parseEvaluateSpec({ rows: [{ model: 3 }] }, (path) => `table.yaml:${path.length}: `)).toThrow(
      'table.yaml:3: rows.0.model is 3',
    );
  });

  test('has the schema that is in schemas/', () => {
    expect(readFileSync(EVALUATE_SCHEMA_PATH, 'utf8')).toBe(evaluateSchemaText());
  });
});

describe('shards', () => {
  /** All shards, of about so many images each. */
  function cut(networks: readonly number[], images: number, size: number): Shard[] {
    const shards = new Shards(networks, images);
    const all: Shard[] = [];
    for (let shard = shards.take(size); shard !== null; shard = shards.take(size)) all.push(shard);
    expect(shards.left).toBe(0);
    return all;
  }

  test('hold every image of every schedule once, in whole blocks, and no more of them than allowed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 200 }),
        (networks, images, size) => {
          const shards = cut(networks, images, size);
          expect(shards.length).toBeLessThanOrEqual(1500);
          networks.forEach((_, of) => {
            const own = shards.filter((shard) => shard.of === of);
            expect(own[0]!.from).toBe(0);
            expect(own.at(-1)!.to).toBe(images);
            own.slice(1).forEach((shard, i) => expect(shard.from).toBe(own[i]!.to));
            expect(own.every(({ from }) => from % BLOCK_IMAGES === 0)).toBe(true);
          });
        },
      ),
    );
  });

  test('of one network follow each other, its schedules taking turns on the same images', () => {
    expect(cut([0, 1, 0], 30, 20).map(({ of, from }) => [of, from])).toEqual([
      [0, 0],
      [2, 0],
      [0, 20],
      [2, 20],
      [1, 0],
      [1, 20],
    ]);
  });

  test('of a large table are larger, not more', () => {
    expect(cut(new Array<number>(200).fill(0), 100_000, 20)).toHaveLength(200 * 7);
  });

  test('are under way so many at a time, and the first failure ends it', async () => {
    let [now, highest, started] = [0, 0, 0];
    const body = async (item: number): Promise<void> => {
      started += 1;
      now += 1;
      highest = Math.max(highest, now);
      await Promise.resolve();
      now -= 1;
      if (item === 13) throw new Error('thirteen');
    };
    await atMost(
      3,
      Array.from({ length: 10 }, (_, i) => i),
      body,
    );
    expect([started, highest]).toEqual([10, 3]);
    await expect(
      atMost(
        3,
        Array.from({ length: 100 }, (_, i) => i),
        body,
      ),
    ).rejects.toThrow('thirteen');
  });
});

describe('a table', () => {
  const gain = {
    scorer: 'objective',
    prompts: 100,
    identity: 1,
    calibrated: 1.5,
    gain: 0.5,
    low: 0.25,
    high: 0.7,
    percentile: { low: 0.3, high: 0.7 },
    studentised: { low: 0.25, high: 0.65 },
    probabilityOfGain: 1,
  };
  const row: EvaluatedRow = {
    model: 'shapes',
    precision: 'w4a8',
    scheduler: 'tcd',
    steps: 4,
    eta: 0,
    schedule: 'identity',
    coefficients: { sample: [1, 1, 1, 1], noise: [1, 1, 1, 1] },
    images: 100,
    failed: 0,
    fid: 0.5,
    fidLow: 0.4,
    fidHigh: 0.6,
    fidFeatures: 'second',
    fidSd: null,
    kid: null,
    cmmd: null,
    clipScore: 58.666,
    clipScoreLow: null,
    clipScoreHigh: null,
    objective: 2.5,
    objectiveLow: null,
    objectiveHigh: null,
    tc: 1.5,
    iq: 0.5,
    scores: { 'cosine@objective': { mean: 0.5, low: 0.4, high: 0.6 } },
    gains: [],
    fidGain: null,
    recommend: null,
    pHolm: null,
    records: [],
  };
  const rows = [
    row,
    {
      ...row,
      schedule: 'mine, "best" | ours',
      objective: 3,
      gains: [gain],
      recommend: 'calibrated' as const,
      pHolm: 0.01,
      fidGain: { difference: -0.1, low: -0.2, high: 0.05 },
    },
  ];

  test('is the form of the paper, without what the rows share or lack', () => {
    expect(evaluateTable(rows).split('\n')).toEqual([
      'steps  precision  schedule             FD (second)              FD gain                     CLIPScore  objective  gain                        recommended',
      '4      w4a8       identity             0.5000 [0.4000, 0.6000]                              58.666     2.5000',
      '4      w4a8       mine, "best" | ours  0.5000 [0.4000, 0.6000]  -0.1000 [-0.2000, +0.0500]  58.666     3.0000     +0.5000 [+0.2500, +0.7000]  yes',
    ]);
  });

  test('has the intervals of CLIPScore and of the objective where there are some', () => {
    const wide = { ...row, clipScoreLow: 57.444, clipScoreHigh: 60, objectiveLow: 2.25, objectiveHigh: 2.75 };
    expect(evaluateTable([wide]).split('\n')).toEqual([
      'steps  precision  schedule  FD (second)              CLIPScore                objective',
      '4      w4a8       identity  0.5000 [0.4000, 0.6000]  58.666 [57.444, 60.000]  2.5000 [2.2500, 2.7500]',
    ]);
    const [head, first] = evaluateTable([wide], 'csv').split('\n');
    const at = head!.split(',').indexOf('clip_score');
    const names = 'clip_score,clip_score_low,clip_score_high,objective,objective_low,objective_high,tc';
    expect(head!.split(',').slice(at, at + 7)).toEqual(names.split(','));
    expect(first!.split(',').slice(at, at + 7)).toEqual('58.666,57.444,60,2.5,2.25,2.75,1.5'.split(','));
  });

  test('says below it what decided against a row whose objective gains, and of no other row', () => {
    const loss = {
      low: -0.375,
      high: 0.125,
      percentile: { low: -0.25, high: 0.125 },
      studentised: { low: -0.375, high: 0 },
    };
    const second = { ...gain, ...loss, scorer: 'second', gain: -0.125 };
    const no = { ...row, schedule: 'ours', recommend: 'identity' as const };
    const blocked = { ...no, gains: [gain, { ...gain, scorer: 'third' }, second] };
    const others = [
      row,
      { ...no, gains: [{ ...gain, ...loss }, second] },
      { ...blocked, recommend: 'none' as const },
      { ...blocked, recommend: 'calibrated' as const },
    ];
    const why =
      'shapes w4a8, tcd, 4 steps, ours: not recommended although the objective gains: ' +
      'the gain in second is -0.1250 [-0.3750, +0.1250], and its lower end is not above 0.';
    expect(
      evaluateTable([...others, blocked])
        .split('\n')
        .slice(6),
    ).toEqual(['', why]);
    expect(
      evaluateTable([...others, blocked], 'markdown')
        .split('\n')
        .slice(7),
    ).toEqual(['', `- ${why}`]);
    expect(evaluateTable([...others, blocked], 'csv').split('\n')).toHaveLength(6);
    expect(evaluateTable(others).split('\n')).toHaveLength(5);
    expect(evaluateTable([{ ...no, gains: [gain] }])).toMatch(/gains: some prompts lack an image or a score\.$/);
  });

  test('is Markdown with its bars escaped', () => {
    const lines = evaluateTable(rows, 'markdown').split('\n');
    expect(lines[1]).toBe('| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |');
    expect(lines[3]).toContain('| mine, "best" \\| ours |');
  });

  test('is CSV with every number unrounded, quoted where it must be', () => {
    const [head, first, second] = evaluateTable(rows, 'csv').split('\n');
    expect(head).toMatch(/^model,scheduler,steps,eta,precision,schedule,sample,noise,images,failed,fid,/);
    expect(head).toContain(',gain_objective_studentised_low,');
    expect(first).toContain(',58.666,');
    expect(second).toContain('w4a8,"mine, ""best"" | ours",1 1 1 1,');
    expect(new Set([head!.split(',').length, first!.split(',').length])).toHaveProperty('size', 1);
  });

  test('tells models, schedulers and eta apart where they differ', () => {
    expect(evaluateTable([row, { ...row, model: 'other', scheduler: 'lcm', eta: 0.3 }]).split('\n')[0]).toMatch(
      /^model +scheduler +steps +eta +precision/,
    );
  });
});
