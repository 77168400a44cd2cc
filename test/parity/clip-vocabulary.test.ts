/** Token ids of vocab.json with merges.txt equal those of transformers (tools/golden/clip_vocabulary.py). */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  clipTokenizerFiles,
  hasOtherLength,
  loadClipTokenizer,
  tokenLength,
} from '../../inference/models/clip-tokenizer.js';
import { packageRoot } from '../../inference/models/model-roots.js';

interface Golden {
  readonly texts: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly files: Readonly<Record<string, object>>;
    readonly ids: readonly (readonly number[])[];
  }[];
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'golden', 'clip-vocabulary.json'), 'utf8'),
) as Golden;
const vocabulary = join(packageRoot(), 'test', 'fixtures', 'pipelines', 'sd15', 'tokenizer');
const root = mkdtempSync(join(tmpdir(), 'qsched-vocabulary-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folderOf({ name, files }: Golden['cases'][number]): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const file of ['vocab.json', 'merges.txt']) copyFileSync(join(vocabulary, file), join(folder, file));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), JSON.stringify(content));
  return folder;
}
const cases = golden.cases.map((one) => [one.name, one] as const);

test.each(cases)('%s', (_, one) => {
  const tokenizer = loadClipTokenizer(folderOf(one), 77);
  for (const [i, text] of golden.texts.entries()) {
    expect({ text, ids: [...tokenizer.encode([text])[0]!] }).toEqual({ text, ids: one.ids[i] });
  }
});

test('the files that decide ids are part of a model', () => {
  const listed = cases.map(([name, one]) => [name, clipTokenizerFiles(folderOf(one))]);
  expect(Object.fromEntries(listed)).toEqual({
    plain: ['vocab.json', 'merges.txt', 'tokenizer_config.json'],
    typed: ['vocab.json', 'merges.txt', 'special_tokens_map.json', 'tokenizer_config.json'],
    map: ['vocab.json', 'merges.txt', 'special_tokens_map.json', 'tokenizer_config.json'],
    listed: ['vocab.json', 'merges.txt', 'tokenizer_config.json'],
    added: ['vocab.json', 'merges.txt', 'added_tokens.json', 'tokenizer_config.json'],
    alone: ['vocab.json', 'merges.txt'],
  });
  expect(clipTokenizerFiles(vocabulary)).toEqual(['tokenizer.json', 'tokenizer_config.json']);
});

test('a folder without merges is refused', () => {
  const folder = folderOf({ ...golden.cases[0]!, name: 'half' });
  rmSync(join(folder, 'merges.txt'));
  expect(() => loadClipTokenizer(folder)).toThrow(`${folder} lacks tokenizer.json, or vocab.json with merges.txt.`);
});

describe('the length', () => {
  const folder = (length?: number) =>
    folderOf({ name: `length-${length}`, ids: [], files: { 'tokenizer_config.json': { model_max_length: length } } });

  test.each([
    [40, 77, 40],
    [1e30, 64, 64],
    [undefined, 248, 248],
    [1e30, undefined, 77],
    [512, 77, 77],
  ])('of a config with %s and an encoder of %s tokens is %d', (stated, encoder, expected) => {
    expect(tokenLength(folder(stated), encoder)).toBe(expected);
    expect(loadClipTokenizer(folder(stated), encoder).encode(['a cat'])[0]).toHaveLength(expected);
  });

  test('is another one than that of 0.1.0 only where the encoder decides', () => {
    expect(hasOtherLength(folder(1e30), 77)).toBe(false);
    expect(hasOtherLength(folder(40), 77)).toBe(false);
    expect(hasOtherLength(folder(1e30), 64)).toBe(true);
    expect(hasOtherLength(folder(512), 77)).toBe(true);
  });
});
