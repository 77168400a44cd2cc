/** The bundled general prompt sets: their sizes and lengths, plain text, no near-duplicates, every subject in any prefix. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../inference/models/model-roots.js';

interface PromptSet {
  readonly name: string;
  readonly license: string;
  readonly prompts: readonly { readonly text: string; readonly category: string }[];
}

const read = (name: string): PromptSet =>
  JSON.parse(readFileSync(join(packageRoot(), 'prompts', `${name}.json`), 'utf8')) as PromptSet;

const SIZES = { 'general-calibration': 64, 'general-select': 128, 'general-heldout': 512 };
const sets = Object.keys(SIZES).map(read);
const all = sets.flatMap(({ prompts }) => prompts.map(({ text }) => text));

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z0-9']+/g) ?? [];

/** Runs of `length` words. */
const runs = (text: string, length: number): Set<string> => {
  const words = wordsOf(text);
  return new Set(words.slice(length - 1).map((_, i) => words.slice(i, i + length).join(' ')));
};

describe.each(Object.entries(SIZES))('%s', (name, size) => {
  const { prompts, license } = read(name);

  test('has the stated size and licence', () => {
    expect(prompts).toHaveLength(size);
    expect(license).toBe('Apache-2.0');
  });

  test('is plain text in sentences', () => {
    const odd = prompts.filter(
      ({ text, category }) =>
        !/^["A-Z][ -~éôâ]+[.!?"]$/.test(text) || / {2}|\.\.| [.,;:]/.test(text) || !/^[a-z]+$/.test(category),
    );
    expect(odd).toEqual([]);
  });

  test('shows at least eight subjects in its first twenty prompts', () => {
    expect(new Set(prompts.slice(0, 20).map(({ category }) => category)).size).toBeGreaterThanOrEqual(8);
  });

  test('begins in many ways', () => {
    const openings = new Map<string, number>();
    for (const { text } of prompts) {
      const opening = wordsOf(text).slice(0, 2).join(' ');
      openings.set(opening, (openings.get(opening) ?? 0) + 1);
    }
    expect(Math.max(...openings.values())).toBeLessThanOrEqual(Math.max(3, size / 50));
  });
});

test('calibration captions have 40 to 60 words, which fit in the 77 tokens of CLIP; no other caption has more than 40', () => {
  const lengths = sets.map(({ prompts }) => prompts.map(({ text }) => text.split(' ').length));
  const [calibration, select, heldout] = lengths;
  expect(Math.min(...calibration!)).toBeGreaterThanOrEqual(40);
  expect(Math.max(...calibration!)).toBeLessThanOrEqual(60);
  expect(Math.max(...select!, ...heldout!)).toBeLessThanOrEqual(40);
  expect(Math.min(...select!, ...heldout!)).toBeGreaterThanOrEqual(7);
});

test('no two captions of any of the sets share six words in a row, or a quarter of their four-word runs', () => {
  const owner = new Map<string, string>();
  const shared = all.flatMap((text) =>
    [...runs(text, 6)].flatMap((run) => {
      const other = owner.get(run);
      owner.set(run, text);
      return other === undefined || other === text ? [] : [run];
    }),
  );
  expect(shared).toEqual([]);

  const parts = all.map((text) => runs(text, 4));
  const near = parts.flatMap((a, i) =>
    parts.slice(0, i).filter((b) => [...a].filter((run) => b.has(run)).length >= 0.25 * Math.min(a.size, b.size)),
  );
  expect(near).toEqual([]);
});
