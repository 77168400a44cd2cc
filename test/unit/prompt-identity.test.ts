/** Keys of prompts that 0.1.0 tokenised wrongly are new ones; all others are those of 0.1.0. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashOf, imageKey, numbersKey } from '../../artefacts/artefact-keys.js';
import { promptIdentity } from '../../contract/prompt-identity.js';
import { promptId } from '../../db/keys.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test.each(['a red circle', '', 'ΣΊΣΥΦΟς', 'Σ', 'aΣb', '\u0130stanbul', 'a\0b', 'σς', '\ufffd\u0085'])(
  '%j keeps its keys',
  (text) => {
    expect(promptIdentity(text)).toBe(text);
    expect(promptId(text)).toBe(sha256(text));
    expect(imageKey('context', { text, seed: 1 })).toBe(hashOf(['context', text, 1]));
  },
);

test.each(['ΣΊΣΥΦΟΣ', 'ΟΔΟΣ 7', 'a ΟΣ, b', '\ufeffa red circle', 'a\ufeff!'])('%j has keys of its own', (text) => {
  expect(promptId(text)).not.toBe(sha256(text));
  expect(promptId(text, ['x'])).not.toBe(sha256(`${text}\0["x"]`));
  expect(imageKey('context', { text, seed: 1 })).not.toBe(hashOf(['context', text, 1]));
  const pairs = [{ text, seed: 1, nouns: null }];
  expect(numbersKey('terms', 'scorer', ['image'], pairs)).not.toBe(
    hashOf(['terms/1', 'scorer', ['image'], [[text, null]]]),
  );
  expect(numbersKey('features', 'scorer', ['image'], pairs)).toBe(hashOf(['features/1', 'scorer', ['image'], null]));
});
