/** Token ids equal those of the Python package `tokenizers` (tools/golden/tokenizer.py). */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadClipTokenizer, tokenLength } from '../../inference/models/clip-tokenizer.js';
import { packageRoot } from '../../inference/models/model-roots.js';

interface Golden {
  readonly sha256: string;
  readonly length: number;
  readonly bos: number;
  readonly eos: number;
  readonly pad: number;
  readonly rows: readonly { readonly text: string; readonly tokens: number; readonly ids: readonly number[] }[];
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'golden', 'tokenizer.json'), 'utf8')) as Golden;
const folder = join(packageRoot(), 'models', 'shapes', 'tokenizer');
const tokenizer = loadClipTokenizer(folder);
const idsOf = (text: string): number[] => [...tokenizer.encode([text])[0]!];

test('the golden rows are of the bundled tokenizer', () => {
  expect(
    createHash('sha256')
      .update(readFileSync(join(folder, 'tokenizer.json')))
      .digest('hex'),
  ).toBe(golden.sha256);
  expect(tokenizer.length).toBe(golden.length);
});

test.each(golden.rows.map((row) => [row.text.slice(0, 60), row] as const))('%j', (_, { text, ids }) => {
  expect(idsOf(text)).toEqual(ids);
});

describe('rows as CLIP takes them', () => {
  test('begin with BOS and end with EOS, also where the text is cut', () => {
    const cut = golden.rows.filter((row) => row.tokens > golden.length);
    expect(cut.length).toBeGreaterThanOrEqual(2);
    for (const { text } of golden.rows) {
      const ids = idsOf(text);
      expect(ids).toHaveLength(golden.length);
      expect(ids[0]).toBe(golden.bos);
      expect(ids).toContain(golden.eos);
    }
    for (const { text } of cut) expect(idsOf(text).at(-1)).toBe(golden.eos);
  });

  test('are padded with the pad token after EOS, and nothing else', () => {
    const ids = idsOf('a red circle');
    const end = ids.indexOf(golden.eos);
    expect(end).toBeGreaterThan(1);
    expect(new Set(ids.slice(end + 1))).toEqual(new Set([golden.pad]));
  });

  test('do not depend on their neighbours', () => {
    const together = tokenizer.encode(golden.rows.map((row) => row.text));
    expect(together.map((row) => [...row])).toEqual(golden.rows.map((row) => row.ids));
  });

  test.each([
    [40, 40],
    [1e30, 77],
    [undefined, 77],
  ])('have the length %s of the config, or that of CLIP: %d', (given, expected) => {
    const copy = mkdtempSync(join(tmpdir(), 'qsched-tokenizer-'));
    cpSync(folder, copy, { recursive: true });
    const path = join(copy, 'tokenizer_config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...config, model_max_length: given }));
    expect(tokenLength(copy)).toBe(expected);
    expect(loadClipTokenizer(copy).encode(['a circle'])[0]).toHaveLength(expected);
    rmSync(copy, { recursive: true });
  });

  test('say how many were cut', () => {
    expect(tokenizer.truncated(golden.rows.map((row) => row.text))).toBe(
      golden.rows.filter((row) => row.tokens > golden.length).length,
    );
  });
});
