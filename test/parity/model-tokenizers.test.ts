/** Every tokenizer of a model, as a whole: names, lengths and ids equal those of diffusers; what is cut keeps its end. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { inspectPrompts } from '../../inference/describe.js';
import { modelTokenizers } from '../../inference/models/model-tokenizers.js';
import { checkPrompts } from '../../inference/prompts/check-prompts.js';
import { FIXTURES, openFixture, readGolden } from './pipeline-goldens.js';

afterEach(() => vi.unstubAllEnvs());

const LONG = 'a red boat '.repeat(200);

describe.each(['sd15', 'lcm', 'sdxl', 'flux', 'sd3'])('%s', (family) => {
  const readers = modelTokenizers(openFixture(family));

  test('reads the golden prompts as diffusers does', () => {
    for (const { text, tokens } of readGolden(family).prompts) {
      expect(Object.fromEntries(readers.map(({ name, ids }) => [name, [...ids(text)]]))).toEqual(tokens);
    }
  });

  test('cuts a long caption, with the end-of-text token last', () => {
    for (const { ids, length, truncated } of readers) {
      expect(truncated(['a boat', LONG])).toBe(1);
      expect(ids(LONG)).toHaveLength(length);
      const short = ids('a boat');
      const end = short.findIndex((id, i) => i > 0 && ids('a boat boat')[i] !== id);
      expect(ids(LONG).at(-1)).toBe(short[end]);
    }
  });

  test('notes for each tokenizer how many prompts it cuts', () => {
    vi.stubEnv('QSCHED_MODELS', FIXTURES);
    const notes = inspectPrompts({ model: family, precision: 'fp32', scorers: [], texts: ['a boat', LONG] });
    expect(notes).toEqual(
      readers.map(
        ({ name, length }) => `The model's ${name} reads ${length} tokens: 1 of 2 prompts are longer and are cut.`,
      ),
    );
  });
});

test('a sequence length of the spec is that of T5 alone', () => {
  const lengths = (sequenceLength?: number) =>
    modelTokenizers(openFixture('flux', 'fp32', { sequenceLength })).map(({ length }) => length);
  expect(lengths(32)).toEqual([77, 32]);
  expect(lengths()).toEqual([77, 256]);
});

test('texts are one prompt for a model if all of its tokenizers read them alike', () => {
  const readers = modelTokenizers(openFixture('flux'));
  const texts = [`${LONG} first`, `${LONG} second`, 'a boat'];
  expect(checkPrompts([{ name: 'x', texts }]).sets[0]!.duplicates).toEqual([]);
  expect(checkPrompts([{ name: 'x', texts }], readers).sets[0]!.duplicates).toEqual([[1, 2]]);
});
