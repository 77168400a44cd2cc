/** Two texts are one prompt where text encoders read them alike; their stored keys stay what they are. */
import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { promptIdentity } from '../../contract/prompt-identity.js';
import { readingOf } from '../../contract/same-prompt.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { loadClipTokenizer } from '../../inference/models/clip-tokenizer.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { parsePrompts, resolveSplit } from '../../inference/prompts/prompt-sets.js';

const clip = loadClipTokenizer(join(packageRoot(), 'models', 'shapes', 'tokenizer'));
const ids = (text: string): string => clip.encode([text])[0]!.join(' ');

const ALIKE: [string, string][] = [
  ['a cat.', 'a cat .'],
  ['a cat, a dog', 'A Cat ,  a\u00a0dog '],
  ['caf\u00e9', 'cafe\u0301'],
  ['2 cats', '2cats'],
  ["it's raining", "It 's raining"],
  ['a "red" door', 'a " red " door'],
  ['\u039f\u0394\u039f\u03a3 7', '\u03bf\u03b4\u03bf\u03c3 7'],
];
const APART: [string, string][] = [
  ['a cat', 'a cat.'],
  ['a cat', 'acat'],
  ['a-b', 'a b'],
  ['wait!!', 'wait! !'],
  ['ne\u00e9', 'nee'],
];

test.each(ALIKE)('%j and %j are one prompt, with equal token ids', (one, other) => {
  expect(readingOf(one)).toBe(readingOf(other));
  expect(ids(one)).toBe(ids(other));
  expect(promptIdentity(one)).not.toBe(promptIdentity(other));
});

test.each(APART)('%j and %j are two prompts', (one, other) => expect(readingOf(one)).not.toBe(readingOf(other)));

test('what T5 alone reads alike is one prompt too', () => {
  expect(readingOf('\ufb01sh')).toBe(readingOf('fish'));
  expect(readingOf('\uff21 cat')).toBe(readingOf('a cat'));
});

test('texts without compatibility characters that are one prompt have equal ids, whatever they are', () => {
  const signs = ['a', 'B', 'cat', "'s", "'", '.', ',', '!', '7', 'É', 'e\u0301', '-', 'Σ', '"'];
  const sign = fc.record({
    is: fc.constantFrom(...signs),
    raised: fc.boolean(),
    blanks: fc.constantFrom('', ' ', '\t '),
  });
  let alike = 0;
  fc.assert(
    fc.property(fc.array(sign, { minLength: 1, maxLength: 5 }), (all) => {
      const one = all.map(({ is, blanks }) => is + blanks).join('');
      const other = all.map(({ is, raised }) => (raised ? is.toUpperCase() : is)).join('');
      if (readingOf(one) !== readingOf(other)) return;
      if (one !== other) alike += 1;
      expect(ids(one)).toBe(ids(other));
    }),
    { numRuns: 500 },
  );
  expect(alike).toBeGreaterThan(50);
});

describe('one prompt twice', () => {
  test('in a file is refused with both texts', () => {
    expect(() => parsePrompts(new TextEncoder().encode('a cat.\nA dog\nA cat .\n'), 'x.txt')).toThrow(
      'Prompts 1 and 3 of x.txt are one prompt for a text encoder: "a cat." and "A cat .".',
    );
  });

  test('in a spec is refused by its field', () => {
    const choice = { set: 'none', texts: ['a cat', 'A cat'], count: 2, seeds: [0] };
    expect(() => resolveSplit(choice, 'select')).toThrow(
      'Prompts 1 and 2 of select.texts are one prompt for a text encoder: "a cat" and "A cat".',
    );
  });

  test('over two splits of a spec is refused', () => {
    const spec = { model: 'shapes', prompts: { texts: ['a cat.', 'b'] }, confirm: { texts: ['c', 'A CAT .'] } };
    expect(() => parseSearchSpec(spec)).toThrow('prompts and confirm overlap: both use the prompt "A CAT .".');
  });
});
