/** The spec of a search: defaults, one clear sentence for everything that is wrong, and its JSON Schema. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SEARCH_SCHEMA_PATH, searchSchemaText } from '../../scripts/write-schemas.js';
import { canonicalJson } from '../../contract/canonical-json.js';
import { QschedError } from '../../contract/errors.js';
import { decodeFloats, encodeFloats } from '../../contract/float-text.js';
import { keysAt as keysOf } from '../../contract/explain-issues.js';
import { SearchSpec } from '../../contract/search-spec.js';
import { nearest, suggestion } from '../../contract/suggestion.js';
import { parseSearchSpec } from '../../contract/validate.js';

/** The error that `input` earns. */
function refusal(input: unknown): QschedError {
  try {
    parseSearchSpec(input);
  } catch (error) {
    if (error instanceof QschedError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(input)} was taken`);
}

const keysAt = (path: readonly string[]) => keysOf(SearchSpec, path);
const withModel = (rest: Record<string, unknown>) => ({ model: 'shapes', ...rest });

describe('defaults', () => {
  test('are filled from the model alone', () => {
    expect(parseSearchSpec({ model: 'shapes' })).toEqual({
      model: 'shapes',
      precision: 'w4a8',
      scheduler: { type: 'tcd', steps: 4, eta: 0 },
      coefficients: { shape: 'linear', tune: 'both', range: [0.8, 1.2], growTo: [0.5, 1.5] },
      objective: { type: 'jaq-clip', k: 2, scorer: 'objective' },
      prompts: { set: 'shapes-calibration', count: 20, seeds: [0, 1] },
      optimizer: { type: 'auto', budget: 32, seed: 0 },
      racing: { alpha: 0.5 },
      prior: 'auto',
      start: 'none',
      select: { set: 'shapes-select', count: 64, seeds: [500], finalists: 5 },
      confirm: { set: 'shapes-heldout', count: 128, seeds: [1000], scorers: ['second'] },
      control: 'none',
      waitForWorker: 600,
      retryFailed: false,
    });
  });

  test('of the budget follow the optimizer and the numbers that are searched', () => {
    const budget = (own: Record<string, unknown>): number => parseSearchSpec(withModel(own)).optimizer.budget;
    expect(budget({ coefficients: { shape: 'single-scale' } })).toBe(16);
    expect(budget({ coefficients: { shape: 'per-step' } })).toBe(64);
    expect(budget({ coefficients: { tune: 'noise' }, scheduler: { steps: 1 } })).toBe(16);
    expect(budget({ optimizer: { type: 'cma-es' } })).toBe(200);
    expect(budget({ optimizer: { budget: 7 } })).toBe(7);
  });

  test('of a race and a range that grows follow the optimizer', () => {
    const spec = (own: Record<string, unknown>) => parseSearchSpec(withModel(own));
    expect(spec({ optimizer: { type: 'grid' } })).toMatchObject({ racing: 'off', prior: 'none' });
    expect(spec({ optimizer: { type: 'cma-es' } }).racing).toEqual({ alpha: 0.05 });
    expect(spec({ racing: 'off' }).racing).toBe('off');
    expect(spec({ racing: { block: 5 } }).racing).toEqual({ alpha: 0.5, block: 5 });
    expect(spec({ coefficients: { range: [0.8, 1.2] } }).coefficients.growTo).toBeNull();
    expect(spec({ optimizer: { type: 'sobol' } }).coefficients.growTo).toBeNull();
    expect(refusal(withModel({ coefficients: { range: [0.4, 1.2], growTo: [0.5, 1.5] } })).message).toContain(
      'does not contain coefficients.range',
    );
  });

  test('fill a group of which one key is given', () => {
    const spec = parseSearchSpec(withModel({ optimizer: { type: 'grid', gridPoints: 11 }, scheduler: { steps: 1 } }));
    expect(spec.optimizer).toEqual({ type: 'grid', budget: 200, seed: 0, gridPoints: 11 });
    expect(spec.scheduler).toEqual({ type: 'tcd', steps: 1, eta: 0 });
  });

  test('are not shared between two specs', () => {
    const first = parseSearchSpec({ model: 'shapes' });
    first.prompts.seeds.push(7);
    expect(parseSearchSpec({ model: 'shapes' }).prompts.seeds).toEqual([0, 1]);
  });
});

describe('bad input', () => {
  const whole = (field: string, value: unknown, low: number, high: number | string) =>
    [field, value, `${field} is ${JSON.stringify(value)}: must be`, `from ${low} to ${high}`] as const;

  test.each([
    whole('scheduler.steps', 0, 1, 50),
    whole('scheduler.steps', 51, 1, 50),
    whole('scheduler.steps', 4.5, 1, 50),
    whole('scheduler.steps', '4', 1, 50),
    whole('optimizer.budget', 0, 1, 1_000_000),
    whole('optimizer.budget', -3, 1, 1_000_000),
    whole('optimizer.budget', 1e300, 1, 1_000_000),
    whole('optimizer.seed', -1, 0, Number.MAX_SAFE_INTEGER),
    whole('prompts.count', 0, 1, 10_000),
    whole('confirm.count', 1, 2, 100_000),
    whole('select.finalists', 101, 1, 100),
    whole('waitForWorker', 0, 1, 7 * 24 * 3600),
  ])('%s = %j names the field, the value and what is allowed', (field, value, begins, allowed) => {
    const error = refusal(nested(field, value));
    expect(error.message.startsWith(begins), error.message).toBe(true);
    expect(error.message).toContain(allowed);
    expect(error.message).not.toContain('more:');
    expect(error.exitCode).toBe(2);
    const byDefault = nested(field, undefined);
    const [group, key] = field.split('.') as [keyof SearchSpec, string?];
    const filled = parseSearchSpec(byDefault)[group]!;
    expect(error.hint).toBe(
      `For example: ${field}: ${JSON.stringify(key === undefined ? filled : filled![key as never]).replaceAll('"', '')}`,
    );
  });

  test.each([
    ['scheduler.steps', 0, '--steps: ', 'For example: --steps 4'],
    ['objective.scorer', '/', 'spec.yaml:3: ', 'For example: objective.scorer: objective'],
    ['optimizer.batch', 0, '--batch: ', 'Change optimizer.batch.'],
    ['prompts.seeds', [], '', 'Change prompts.seeds.'],
    ['scheduler.eta.x', 1, '', 'For example: scheduler.eta: 0'],
  ])('%s = %j at "%s" has the hint "%s"', (field, value, place, hint) => {
    try {
      parseSearchSpec(nested(field, value), () => place);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ hint });
    }
  });

  test.each([
    ['scheduler.eta', -0.1, 'scheduler.eta is -0.1: must be from 0 to 1.'],
    ['scheduler.eta', 'full', 'scheduler.eta is "full": must be a number from 0 to 1.'],
    ['objective.k', -1, 'objective.k is -1: must not be negative.'],
    ['objective.k', 'two', 'objective.k is "two": must be a number that is not negative, or auto.'],
    ['objective.k', NaN, 'objective.k is NaN: must be a number that is not negative, or auto.'],
    ['objective.k', Infinity, 'objective.k is Infinity: must be a number that is not negative, or auto.'],
    ['objective.atLeast', 'text', 'objective.atLeast is "text": must be a group of scores with numbers.'],
    ['objective.atLeast', { text: '1' }, 'objective.atLeast.text is "1": must be a finite number.'],
    ['coefficients.range', [1.2, 0.8], 'coefficients.range is [1.2,0.8]: must go from low to high, as in [0.8, 1.2].'],
    ['coefficients.range', [1, 1], 'coefficients.range is [1,1]: must go from low to high, as in [0.8, 1.2].'],
    ['coefficients.range', [-1, 1], 'coefficients.range is [-1,1]: must lie within (0, 10].'],
    ['coefficients.range', [0.5, 11], 'coefficients.range is [0.5,11]: must lie within (0, 10].'],
    ['coefficients.range', 0.8, 'coefficients.range is 0.8: must be two numbers, as in [0.8, 1.2].'],
    ['coefficients.range', [0.8], 'coefficients.range'],
    ['coefficients.range', [0.8, 1, 1.2], 'coefficients.range is [0.8,1,1.2]: must be two numbers, as in [0.8, 1.2].'],
    ['prompts.seeds', [], 'prompts.seeds is []: needs at least one seed.'],
    ['prompts.seeds', [3, 3], 'prompts.seeds is [3,3]: lists a seed twice.'],
    ['prompts.seeds', 3, 'prompts.seeds is 3: must be a list of whole numbers.'],
    ['prompts.texts', [], 'prompts.texts is []: needs at least one prompt.'],
    ['prompts.texts', ['a cat', ' a cat '], 'prompts.texts is ["a cat"," a cat "]: lists a prompt twice.'],
    ['retryFailed', 'yes', 'retryFailed is "yes": must be true or false.'],
    [
      'prompts',
      'shapes-calibration',
      'prompts is "shapes-calibration": must be a group of keys: set, texts, count, seeds.',
    ],
    ['optimizer', null, 'optimizer is null: must be a group of keys: type, budget, seed, batch, gridPoints.'],
  ])('%s = %j', (field, value, message) => {
    const error = refusal(nested(field, value));
    expect(error.message.startsWith(message), error.message).toBe(true);
    expect(error.exitCode).toBe(2);
  });

  test.each([
    ['coefficients.range.0', [NaN, 1.2], 'NaN'],
    ['coefficients.range.1', [0.8, Infinity], 'Infinity'],
    ['coefficients.range.0', [-Infinity, 1], '-Infinity'],
    ['coefficients.range.1', [0.8, null], 'null'],
  ])('an end of the range that is not finite: %s', (field, range, shown) => {
    expect(refusal(nested('coefficients.range', range)).message).toBe(`${field} is ${shown}: must be a finite number.`);
  });

  test('an empty prompt is named by its place', () => {
    expect(refusal(nested('select.texts', ['a', '  ', 'b'])).message).toBe('select.texts.1 is "  ": an empty prompt.');
  });

  test.each([['../secrets'], ['a/b'], ['..'], ['.hidden'], ['a\\b'], [''], ['/etc'], ['a\0b'], ['a\n']])(
    'a name that is more than a name: %j',
    (name) => {
      for (const field of ['model', 'precision', 'prompts.set', 'objective.scorer']) {
        const { message } = refusal(nested(field, name));
        expect(message.startsWith(`${field} is ${JSON.stringify(name)}: must be a plain name`), message).toBe(true);
      }
    },
  );

  test('a missing model', () => {
    expect(refusal({}).message).toBe('model is missing.');
    expect(refusal({ precision: 'w4a8' }).hint).toContain('"model"');
  });

  test.each([[null], [[]], ['shapes'], [7], [undefined]])('%j is no spec', (input) => {
    expect(refusal(input).message).toBe('A search needs an object with at least a model.');
  });

  test.each([
    [{ precison: 'w4a8' }, 'Unknown key "precison".', 'precision'],
    [{ optimizer: { budgets: 4 } }, 'Unknown key "optimizer.budgets".', 'budget'],
    [{ optimizer: { gridpoints: 4 } }, 'Unknown key "optimizer.gridpoints".', 'gridPoints'],
    [{ confirm: { scorer: ['second'] } }, 'Unknown key "confirm.scorer".', 'scorers'],
    [{ scheduler: { step: 4 } }, 'Unknown key "scheduler.step".', 'steps'],
  ])('an unknown key gets the nearest one: %j', (rest, message, near) => {
    const error = refusal(withModel(rest));
    expect(error.message).toBe(message);
    expect(error.hint).toContain(`Did you mean "${near}"?`);
  });

  test('an unknown key far from all lists what there is at its place', () => {
    const { hint } = refusal(withModel({ scheduler: { temperature: 1 } }));
    expect(hint).toBe(`Allowed: ${keysAt(['scheduler']).join(', ')}.`);
    expect(hint).toMatch(/^Allowed: type, steps, /);
  });

  test.each([
    [{ optimizer: { type: 'cmaes' } }, 'optimizer.type is "cmaes", which is not one of the choices.', 'cma-es'],
    [{ objective: { type: 'jaq' } }, 'objective.type is "jaq", which is not one of the choices.', undefined],
    [
      { coefficients: { shape: 'Linear' } },
      'coefficients.shape is "Linear", which is not one of the choices.',
      'linear',
    ],
    [{ control: true }, 'control is true, which is not one of the choices.', undefined],
    [{ start: 'ptqd' }, 'start is "ptqd", which is not one of the choices.', undefined],
  ])('an unknown choice: %j', (rest, message, near) => {
    const error = refusal(withModel(rest));
    expect(error.message).toBe(message);
    expect(error.hint).toContain(near === undefined ? 'Allowed: ' : `Did you mean "${near}"?`);
  });

  test.each([
    [
      { start: 'match', optimizer: { type: 'grid' } },
      'start is "match", but the optimizer "grid" takes no first candidate.',
      'Set optimizer.type to "auto", "gp" or "cma-es", or leave start out.',
    ],
    [
      { start: 'match', precision: 'fp32', optimizer: { type: 'cma-es' } },
      'start is "match", but precision is "fp32", which quantised networks are matched with.',
      'Choose a quantised precision, or leave start out.',
    ],
    [
      { start: 'match', coefficients: { tune: 'noise' }, optimizer: { type: 'cma-es' } },
      'start is "match", but a match fits c^x and c^eps together, and coefficients.tune is "noise".',
      'Set coefficients.tune to "both", or leave start out.',
    ],
    [
      { coefficients: { shape: 'per-step' }, scheduler: { steps: 17 } },
      'coefficients.shape is "per-step" and scheduler.steps is 17: two numbers per step are searched for up to 16 steps.',
      'Set coefficients.shape to "linear", which has four numbers for any number of steps.',
    ],
  ])('a start that cannot be made: %j', (rest, message, hint) => {
    expect(refusal(withModel(rest))).toMatchObject({ message, hint });
  });

  test('several problems: the first in full, the others by name', () => {
    const { message } = refusal({ model: 'shapes', scheduler: { steps: -1.5, eta: 2 }, optimizer: { budget: 0 } });
    expect(message).toMatch(
      /^scheduler\.steps is -1\.5: must be .* \(and 2 more: scheduler\.eta, optimizer\.budget\)$/,
    );
  });

  test('every unknown key is named, and of many problems the first few', () => {
    expect(refusal(withModel({ scheduler: { step: 4, etta: 0 } })).message).toBe(
      'Unknown key "scheduler.step". (and 1 more: scheduler.etta)',
    );
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`key${i}`, i]));
    expect(refusal(withModel(many)).message).toBe(
      'Unknown key "key0". (and 11 more: key1, key2, key3, key4, key5, key6, ...)',
    );
  });

  test('texts of a spec are bounded in all, by their bytes', () => {
    const texts = (length: number, sign: string) =>
      Array.from({ length: 100 }, (_, i) => `${sign.repeat(length)} ${i}`);
    expect(refusal(nested('prompts.texts', texts(2000, 'a'))).message).toMatch(
      /^prompts\.texts is .*: takes at most 200 KB of text in the spec itself; put more into a prompt set \(npx qsched prompts import\) and name it\.$/,
    );
    expect(refusal(nested('prompts.texts', texts(700, '\u6f22'))).message).toContain('200 KB');
    expect(refusal(nested('prompts.texts', texts(1000, '"'))).message).toContain('200 KB');
    expect(parseSearchSpec(nested('prompts.texts', texts(1000, 'a'))).prompts.texts).toHaveLength(100);
  });

  test('the place that a caller knows comes first', () => {
    expect(() =>
      parseSearchSpec({ model: 'shapes', scheduler: { steps: 99 } }, (path) => `spec.yaml:${path.length}: `),
    ).toThrow(/^spec\.yaml:2: scheduler\.steps is 99: /);
  });
});

describe('across fields', () => {
  test.each([
    [{ select: { set: 'shapes-calibration' } }, 'the prompt set "shapes-calibration"'],
    [{ confirm: { set: 'shapes-select' } }, 'the prompt set "shapes-select"'],
    [{ prompts: { texts: ['a cat', 'a dog'] }, confirm: { texts: ['a bird', ' a dog '] } }, 'the prompt "a dog"'],
  ])('overlapping splits are refused: %j', (rest, shared) => {
    const error = refusal(withModel(rest));
    expect(error.message).toContain('overlap');
    expect(error.message).toContain(shared);
    expect(error.exitCode).toBe(2);
  });

  test('a split with texts of its own does not use its set', () => {
    expect(
      parseSearchSpec(withModel({ prompts: { texts: ['a cat'] }, select: { set: 'shapes-calibration' } })).prompts
        .texts,
    ).toEqual(['a cat']);
  });

  test.each([3, 1, 20])('a count of %d beside two texts', (count) => {
    const error = refusal(withModel({ prompts: { texts: ['a cat', 'a dog'], count } }));
    expect(error.message).toBe(`prompts.count is ${count}, but prompts.texts holds 2 prompts.`);
    expect(error.hint).toContain('Leave prompts.count out');
    expect(() =>
      parseSearchSpec(withModel({ prompts: { texts: ['a cat', 'a dog'], count } }), (path) => `at ${path.join('.')}: `),
    ).toThrow(/^at prompts\.count: /);
  });

  test('texts count themselves, and a spec that was filled in stays valid', () => {
    const given = withModel({
      prompts: { texts: ['a cat', 'a dog'] },
      select: { texts: ['a'], count: 1 },
      confirm: { texts: ['b', 'c', 'd'] },
    });
    const once = parseSearchSpec(given);
    expect([once.prompts.count, once.select.count, once.confirm.count]).toEqual([2, 1, 3]);
    expect(parseSearchSpec(once)).toEqual(once);
    const byZod = SearchSpec.parse(given);
    expect(byZod.prompts.count).toBe(20);
    expect(parseSearchSpec(byZod)).toMatchObject(byZod);
  });

  test('a count that the texts cannot fill', () => {
    expect(refusal(withModel({ prompts: { texts: ['a cat'], count: 3 } })).message).toBe(
      'prompts.count is 3, but prompts.texts holds 1 prompt.',
    );
  });

  test('one held-out text alone', () => {
    expect(refusal(withModel({ confirm: { texts: ['a cat'] } })).message).toContain('confirm.texts holds one prompt');
  });

  test('options of another optimizer', () => {
    expect(refusal(withModel({ optimizer: { gridPoints: 5 } })).message).toBe(
      'optimizer.gridPoints is only for the grid, and optimizer.type is "auto".',
    );
    expect(refusal(withModel({ optimizer: { type: 'cma-es', batch: 1 } })).message).toContain('needs at least 2');
    expect(parseSearchSpec(withModel({ optimizer: { type: 'one-plus-one', batch: 1 } })).optimizer.batch).toBe(1);
  });
});

describe('suggestions', () => {
  test('only what is near is suggested', () => {
    expect(nearest('w4a', ['w4a8', 'fp32'])).toBe('w4a8');
    expect(nearest('banana', ['w4a8', 'fp32'])).toBeUndefined();
    expect(nearest('w4a8', [])).toBeUndefined();
    expect(suggestion('FP32', ['fp32', 'w4a8'])).toBe('Did you mean "fp32"? Allowed: fp32, w4a8.');
  });

  test('keys are those of the place', () => {
    expect(keysAt([])).toContain('waitForWorker');
    expect(keysAt(['select'])).toEqual(['set', 'texts', 'count', 'seeds', 'finalists']);
    expect(keysAt(['model'])).toEqual([]);
    expect(keysAt(['nothing', 'here'])).toEqual([]);
  });
});

describe('properties', () => {
  const seeds = fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 8 });
  const words = fc.uniqueArray(
    fc
      .string({ minLength: 1 })
      .map((text) => text.trim())
      .filter((text) => text !== ''),
    { minLength: 2, maxLength: 5 },
  );
  const input = fc.record(
    {
      model: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,9}$/),
      precision: fc.constantFrom('fp32', 'w8a8'),
      scheduler: fc.record(
        { steps: fc.integer({ min: 1, max: 50 }), eta: fc.double({ min: 0, max: 1, noNaN: true }) },
        { requiredKeys: [] },
      ),
      coefficients: fc.record(
        { shape: fc.constantFrom('linear', 'single-scale'), range: fc.constantFrom([0.5, 1], [0.9, 1.1]) },
        { requiredKeys: [] },
      ),
      objective: fc.record({ k: fc.double({ min: 0, max: 1000, noNaN: true }) }, { requiredKeys: [] }),
      prompts: fc.record({ texts: words, seeds }, { requiredKeys: [] }),
      optimizer: fc.record(
        {
          type: fc.constantFrom('grid', 'random', 'cma-es'),
          budget: fc.integer({ min: 1, max: 1000 }),
          batch: fc.integer({ min: 2, max: 9 }),
        },
        { requiredKeys: [] },
      ),
      confirm: fc.record({ seeds }, { requiredKeys: [] }),
      control: fc.constantFrom('none', 'evaluate', 'search'),
    },
    { requiredKeys: ['model'] },
  );

  test('parsing a parsed spec changes nothing, nor does a trip through JSON', () => {
    fc.assert(
      fc.property(input, (given) => {
        const once = parseSearchSpec(given);
        expect(parseSearchSpec(once)).toEqual(once);
        expect(canonicalJson(parseSearchSpec(JSON.parse(JSON.stringify(once))))).toBe(canonicalJson(once));
      }),
      { numRuns: 60 },
    );
  });

  test('whatever is thrown at it, the answer is a spec or a QschedError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.dictionary(
            fc.constantFrom('model', 'prompts', 'optimizer', 'scheduler', 'coefficients', 'x'),
            fc.anything(),
          ),
        ),
        (given) => {
          try {
            expect(parseSearchSpec(given).model).toMatch(/./);
          } catch (error) {
            expect(error).toBeInstanceOf(QschedError);
            expect((error as QschedError).message.length).toBeLessThan(400);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('canonical JSON does not see the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        expect(canonicalJson(Object.fromEntries(Object.entries(object).reverse()))).toBe(canonicalJson(object));
        expect(JSON.parse(canonicalJson(object))).toEqual(JSON.parse(JSON.stringify(object)));
      }),
      { numRuns: 100 },
    );
  });

  test('numbers cross the wire bit for bit', () => {
    fc.assert(
      fc.property(fc.float64Array(), (values) => {
        expect(new Uint8Array(decodeFloats(encodeFloats(values)).buffer)).toEqual(
          new Uint8Array(values.slice().buffer),
        );
      }),
      { numRuns: 100 },
    );
  });
});

test('the committed JSON Schema is the one that the spec gives', () => {
  expect(readFileSync(SEARCH_SCHEMA_PATH, 'utf8')).toBe(searchSchemaText());
});

/** `{a: {b: value}}` for `a.b`, beside a model. */
function nested(field: string, value: unknown): Record<string, unknown> {
  return field
    .split('.')
    .reduceRight<unknown>(
      (inner, key, depth) => (depth === 0 ? { model: 'shapes', [key]: inner } : { [key]: inner }),
      value,
    ) as Record<string, unknown>;
}

test('a long list of choices is cut', () => {
  const many = Array.from({ length: 40 }, (_, i) => `choice-${i}`);
  expect(suggestion('nothing-like-it', many)).toMatch(/^Allowed: choice-0, .*choice-23 and 16 more\.$/);
  expect(suggestion('choice-39x', many)).toContain('Did you mean "choice-39"?');
  expect(suggestion('z', ['a', 'b'])).toContain('Allowed: a, b.');
});
