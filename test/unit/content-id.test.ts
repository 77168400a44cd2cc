/** Ids from content: those of 0.1 stay what they are, and one thing has one id, however it is written. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { contentId, evaluateIdOf, matchIdOf, ptqdIdOf, reproduceIdOf, searchIdOf } from '../../contract/content-id.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { completeStored } from '../../contract/spec-defaults.js';
import { parseSearchSpec } from '../../contract/validate.js';

/** Computed by the command line of 0.1.0 (commit 4f86618): `searchIdOf`, `evaluateIdOf`, `studyIdOf`. */
const SEARCHES: [object, string][] = [
  [{ model: 'shapes' }, 'shapes-w4a8-cma-es-1533a996'],
  [{ model: 'shapes', precision: 'w8a8', scheduler: { type: 'lcm', steps: 2 } }, 'shapes-w8a8-cma-es-4ee7cce7'],
  [
    { model: 'sd15-lcm', precision: 'w4a6', scheduler: { type: 'ddim', steps: 8, spacing: 'trailing', eta: 0.3 } },
    'sd15-lcm-w4a6-cma-es-27dffc98',
  ],
  [
    { model: 'shapes', coefficients: { shape: 'per-step', tune: 'sample', range: [0.9, 1.1] } },
    'shapes-w4a8-cma-es-1324f72f',
  ],
  [
    {
      model: 'shapes',
      objective: { type: 'jaq-preference-tables', k: 0.5, scorer: 'second' },
      confirm: { scorers: [] },
    },
    'shapes-w4a8-cma-es-e1b975f3',
  ],
  [
    { model: 'shapes', objective: { weights: { 'clip-score-hessel': 1, 'clip-iqa.quality@second': -2 } } },
    'shapes-w4a8-cma-es-f99fe937',
  ],
  [
    {
      model: 'shapes',
      prompts: { texts: [' a red circle', 'a blue square, büro'], seeds: [7] },
      confirm: { texts: ['one', 'two', 'three'] },
    },
    'shapes-w4a8-cma-es-0e82f781',
  ],
  [{ model: 'shapes', prompts: { texts: ['a', 'b'], count: 2, set: 'mine' } }, 'shapes-w4a8-cma-es-e6e236f0'],
  [{ model: 'shapes', optimizer: { type: 'grid', budget: 121, gridPoints: 11 } }, 'shapes-w4a8-grid-0580f60e'],
  [
    { model: 'shapes', optimizer: { type: 'one-plus-one', budget: 100, seed: 3 }, control: 'search' },
    'shapes-w4a8-one-plus-one-e107215c',
  ],
  [
    {
      model: 'shapes',
      optimizer: { type: 'cma-es', budget: 24, batch: 4 },
      scheduler: { steps: 2 },
      prompts: { count: 2, seeds: [0] },
      select: { count: 2, finalists: 2 },
      confirm: { count: 4 },
    },
    'shapes-w4a8-cma-es-153efcd4',
  ],
  [
    { model: 'shapes', waitForWorker: 5, retryFailed: true, select: { set: 'other', seeds: [1, 2] } },
    'shapes-w4a8-cma-es-cd347b50',
  ],
  [
    { model: 'shapes', objective: { type: 'iq' }, optimizer: { type: 'sobol', budget: 200 } },
    'shapes-w4a8-sobol-e9e4282a',
  ],
];
const EVALUATIONS: [object, string][] = [
  [{ rows: [{ model: 'shapes' }] }, 'evaluate-3a3594e612a7'],
  [
    {
      rows: [
        { model: 'shapes', precision: 'fp32' },
        { model: 'shapes', schedule: 'q-sched', label: 'ours' },
      ],
      prompts: { count: 20 },
    },
    'evaluate-d4084f78c6da',
  ],
  [
    {
      rows: [
        {
          model: 'm',
          scheduler: { steps: 2, type: 'euler' },
          schedule: { name: 'x', coefficients: { sample: [1, 0.9], noise: [1, 1.1] } },
        },
      ],
      prompts: { texts: ['a ', 'b'] },
      features: null,
      scorers: [],
    },
    'evaluate-58692325d478',
  ],
  [
    { rows: [{ model: 'shapes', schedule: 'search:abc' }], objective: { weights: { clip: 1 } }, retryFailed: true },
    'evaluate-adfb4f2afdfc',
  ],
];

/** What 0.1 did with a spec, written out. */
const asThen = (spec: object): object => {
  const { optimizer = {}, coefficients = {} } = spec as Record<'optimizer' | 'coefficients', object | undefined>;
  return {
    ...spec,
    racing: 'off',
    prior: 'none',
    coefficients: { ...coefficients, growTo: null },
    optimizer: { type: 'cma-es', budget: 200, ...optimizer },
  };
};

describe('an id of 0.1', () => {
  it.each(SEARCHES)('of the search %j is %s', (spec, id) => {
    expect(searchIdOf(asThen(spec))).toBe(id);
    expect(searchIdOf(parseSearchSpec(asThen(spec)))).toBe(id);
    expect(searchIdOf(completeStored(JSON.stringify(parseSearchSpec(asThen(spec)))))).toBe(id);
  });

  test('is another one where the candidates are others', () => {
    const id = searchIdOf(asThen({ model: 'shapes' }));
    const others = [
      { racing: 'on' },
      { optimizer: { type: 'gp', budget: 200 } },
      { optimizer: { type: 'gp' }, prior: 'x' },
    ];
    for (const other of others) expect(searchIdOf({ ...asThen({ model: 'shapes' }), ...other })).not.toBe(id);
  });

  it.each(EVALUATIONS)('of the evaluation %j is %s', (spec, id) => {
    expect(evaluateIdOf(spec)).toBe(id);
    expect(evaluateIdOf(parseEvaluateSpec(spec))).toBe(id);
  });

  it('of a study is that of its name and options', () => {
    expect(reproduceIdOf({ name: 'table-1' })).toBe('study-table-1-b5df8263c094');
    expect(reproduceIdOf({ name: 'table-a10', options: { model: 'shapes', count: 100, budget: 10 } })).toBe(
      'study-table-a10-33574ac97b3c',
    );
  });
});

describe('an id', () => {
  test('does not depend on the order of fields, or on defaults that are written out', () => {
    const id = searchIdOf({ model: 'shapes' });
    expect(searchIdOf({ scheduler: { eta: 0, type: 'tcd' }, precision: 'w4a8', model: 'shapes' })).toBe(id);
    expect(searchIdOf({ model: 'shapes', optimizer: { budget: 201 } })).not.toBe(id);
  });

  test('of an invalid spec is a sentence about the spec', () => {
    expect(() => searchIdOf({ model: 'shapes', scheduler: { steps: 0 } })).toThrow(/scheduler.steps/);
    expect(() => evaluateIdOf({ rows: [] })).toThrow(/rows/);
    expect(() => ptqdIdOf({ search: {} })).toThrow(/model/);
  });

  test('of a PTQD fit depends on what the fit depends on, and on nothing else', () => {
    const input = { search: { model: 'shapes' } };
    const id = ptqdIdOf(input);
    expect(id).toMatch(/^ptqd-[0-9a-f]{12}$/);
    const without = [
      { optimizer: { budget: 7 } },
      { control: 'search' },
      { objective: { k: 3 } },
      { confirm: { count: 5 } },
      { select: { count: 5 } },
      { waitForWorker: 5 },
      { coefficients: { shape: 'per-step' } },
      { prompts: { set: 'shapes-calibration' } },
    ];
    for (const more of without) expect(ptqdIdOf({ search: { ...input.search, ...more } })).toBe(id);
    for (const more of without) expect(matchIdOf({ search: { ...input.search, ...more } })).toBe(matchIdOf(input));
    expect(matchIdOf(input)).toMatch(/^match-[0-9a-f]{12}$/);
    expect(ptqdIdOf({ ...input, gamma: 'std', bias: 'channel' })).toBe(id);
    const different = [
      { ...input, gamma: 'regression' },
      { ...input, bias: 'step' },
      { search: { model: 'other' } },
      { search: { model: 'shapes', precision: 'w8a8' } },
      { search: { model: 'shapes', scheduler: { steps: 2 } } },
      { search: { model: 'shapes', prompts: { count: 3 } } },
      { search: { model: 'shapes', prompts: { seeds: [2] } } },
      { search: { model: 'shapes', prompts: { texts: ['a'] } } },
      { search: { model: 'shapes', size: 512 } },
    ].map(ptqdIdOf);
    expect(new Set([id, ...different]).size).toBe(different.length + 1);
    const texts = ['a', 'b'];
    expect(ptqdIdOf({ search: { model: 'shapes', prompts: { texts, set: 'one' } } })).toBe(
      ptqdIdOf({ search: { model: 'shapes', prompts: { texts, set: 'two' } } }),
    );
  });
});

describe('contentId', () => {
  test('is the start of the SHA-256 of canonical JSON in UTF-8', () => {
    // printf '{"a":"\u00fc","b":1}' in UTF-8 | sha256sum
    expect(contentId({ b: 1, a: '\u00fc' }, 64)).toBe(
      '4e7ff4080b1a00acdaf71eb0cdf2d504aa8068bbb375c002eac2df3f064047a7',
    );
    expect(contentId({ b: 1, a: '\u00fc' })).toBe('4e7ff4080b1a');
    expect(contentId('')).toBe('12ae32cb1ec0');
  });

  test('differs if the texts differ, also in length alone', () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => contentId(i));
    expect(new Set(ids).size).toBe(ids.length);
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => (a === b) === (contentId(a) === contentId(b))));
  });
});
