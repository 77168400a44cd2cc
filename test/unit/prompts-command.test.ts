/** `qsched prompts import | split | check | list`: sets that workers find, reproducible samples, disjoint splits. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { promptsCommand } from '../../cli/commands/prompts-command.js';
import type { PromptsFlags } from '../../cli/input/prompt-source.js';
import { QschedError } from '../../contract/errors.js';
import { readingOf } from '../../contract/same-prompt.js';
import { promptRoots } from '../../inference/prompts/prompt-roots.js';
import { readPromptSet, resolveSplit } from '../../inference/prompts/prompt-sets.js';
import { dataFolderPath } from '../../temporal/data-folder.js';

const FIXTURES = new URL('../fixtures/prompts/', import.meta.url).pathname;
let folder: string;
let printed: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-prompts-'));
  vi.stubEnv('QSCHED_DATA', join(folder, 'data'));
  vi.stubEnv('QSCHED_PROMPTS', '');
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function run(action: string, what: string[], flags: PromptsFlags = {}): number {
  printed = '';
  return promptsCommand(action, what, flags) as number;
}
function refusal(action: string, what: string[], flags: PromptsFlags = {}): QschedError {
  try {
    run(action, what, flags);
  } catch (error) {
    if (error instanceof QschedError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const documentOf = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
const textsOf = (name: string) => readPromptSet(name).map(({ text }) => text);

/** 120 prompts in three categories of 60, 40 and 20. */
const many = (): string =>
  file(
    'many.jsonl',
    Array.from({ length: 120 }, (_, i) => {
      const category = i % 6 < 3 ? 'people' : i % 6 < 5 ? 'food' : 'art';
      return JSON.stringify({ prompt: `prompt number ${i} of many`, category });
    }).join('\n'),
  );

describe('import', () => {
  test.each([
    ['captions_val2017.json', 3],
    ['meta_data.json', 3],
    ['dci_prompts.yaml', 4],
    ['PartiPrompts.tsv', 3],
    ['DrawBench.csv', 3],
    ['captions.jsonl', 4],
    ['captions.yaml', 3],
    ['list.json', 3],
    ['old-mac.txt', 3],
  ])('%s becomes a set that a spec can name', (name, count) => {
    expect(run('import', [join(FIXTURES, name)], { name: 'mine' })).toBe(0);
    const { split } = resolveSplit({ set: 'mine', count, seeds: [0] }, 'prompts');
    expect(split.set).toBe('mine');
    expect(documentOf(join(folder, 'data/prompts/mine.json'))).toMatchObject({ name: 'mine', source: name, count });
  });

  test('keeps categories, nouns and the licence, and takes the name of the file', () => {
    run('import', [join(FIXTURES, 'captions.yaml')]);
    expect(documentOf(join(folder, 'data/prompts/captions.json'))).toEqual({
      name: 'captions',
      source: 'captions.yaml',
      license: 'CC0-1.0',
      count: 3,
      prompts: [{ text: 'a red kite over a beach' }, { text: 'a blue door', category: 'objects' }, { text: '42' }],
    });
    run('import', [join(FIXTURES, 'list.json')], { license: 'CC-BY-4.0', json: true });
    expect(JSON.parse(printed)).toMatchObject({ format: 'json', read: 3, license: 'CC-BY-4.0' });
    expect(readPromptSet('list')[1]!.nouns).toEqual(['dog', 'hat']);
  });

  test('leaves out what is empty or read alike', () => {
    const path = file('doubles.json', '["a cat.", "", " A cat . ", "a dog"]');
    run('import', [path], { json: true });
    expect(JSON.parse(printed)).toMatchObject({ read: 4, empty: 1, duplicates: 1, prompts: 2 });
    expect(textsOf('doubles')).toEqual(['a cat.', 'a dog']);
  });

  test('takes a sample that its seed determines', () => {
    const path = many();
    const sample = (name: string, seed: string) => {
      run('import', [path], { name, count: '10', seed });
      return textsOf(name);
    };
    const first = sample('a', '1');
    expect(first).toHaveLength(10);
    expect(sample('b', '1')).toEqual(first);
    expect(sample('c', '2')).not.toEqual(first);
  });

  test('writes into the first folder of QSCHED_PROMPTS, if there is one', () => {
    vi.stubEnv('QSCHED_PROMPTS', `${join(folder, 'sets')}:${join(folder, 'more')}`);
    run('import', [join(FIXTURES, 'old-mac.txt')]);
    expect(existsSync(join(folder, 'sets/old-mac.json'))).toBe(true);
    expect(textsOf('old-mac')).toHaveLength(3);
  });

  test('reads a format that is named, whatever the file is called', () => {
    const path = file('list.md', '- a cat\n- a dog\n');
    expect(refusal('import', [path]).message).toContain('ends in ".md", which tells no format');
    run('import', [path], { format: 'yaml' });
    expect(textsOf('list')).toEqual(['a cat', 'a dog']);
  });

  test('refuses', () => {
    const path = join(FIXTURES, 'old-mac.txt');
    expect(refusal('import', [path], { name: 'general-select' }).message).toContain('"general-select" already');
    expect(refusal('import', [path], { name: '../x' }).message).toContain('cannot be the name of a prompt set');
    expect(refusal('import', [path], { count: '4' }).message).toMatch(/--count is 4, but .* holds 3 prompts/);
    expect(refusal('import', [path], { format: 'cocoa' }).hint).toContain('Did you mean "coco"?');
    expect(refusal('import', [join(folder, 'absent.txt')]).message).toContain('it does not exist');
    expect(refusal('import', [folder]).message).toContain('it is a folder');
    expect(refusal('import', [path], { heldout: '3' }).message).toBe('qsched prompts import has no flag --heldout.');
    expect(refusal('import', []).message).toBe('qsched prompts import takes one file, and got 0.');
    expect(refusal('imprt', []).hint).toContain('Did you mean "import"?');
    expect(existsSync(join(folder, 'data/prompts'))).toBe(false);
  });
});

describe('split', () => {
  const categories = (name: string) => {
    const { prompts } = documentOf(join(folder, `data/prompts/${name}.json`)) as { prompts: { category: string }[] };
    return ['people', 'food', 'art'].map((one) => prompts.filter(({ category }) => category === one).length);
  };

  test('gives three disjoint sets with every category in proportion', () => {
    run('import', [many()]);
    expect(run('split', ['many'], { calibration: '30', select: '42' })).toBe(0);
    const parts = ['many-calibration', 'many-select', 'many-heldout'].map(textsOf);
    expect(parts.map(({ length }) => length)).toEqual([30, 42, 48]);
    expect(printed).toContain(
      '--prompts many-calibration --select-prompts many-select --select-count 42 --confirm-prompts many-heldout --confirm-count 48',
    );
    expect(new Set(parts.flat().map(readingOf)).size).toBe(120);
    for (const [name, size] of [
      ['many-calibration', 30],
      ['many-select', 42],
      ['many-heldout', 48],
    ] as const) {
      const expected = [size / 2, size / 3, size / 6];
      categories(name).forEach((count, i) => expect(Math.abs(count - expected[i]!)).toBeLessThanOrEqual(1));
    }
  });

  test('of a file, under another name; its seed determines it', () => {
    const path = many();
    for (const [name, seed] of [
      ['a', '3'],
      ['b', '3'],
      ['c', '4'],
    ] as const) {
      run('split', [path], { name, seed, calibration: '10', select: '10', heldout: '20' });
    }
    expect(textsOf('a-heldout')).toHaveLength(20);
    expect(textsOf('b-select')).toEqual(textsOf('a-select'));
    expect(textsOf('c-select')).not.toEqual(textsOf('a-select'));
  });

  test('refuses more prompts than there are, and writes nothing', () => {
    run('import', [many()]);
    expect(refusal('split', ['many']).message).toBe(
      'many has 120 different prompts, but 64 to calibrate, 128 to select and 2 or more held out are 194.',
    );
    expect(refusal('split', ['many'], { calibration: '60', select: '60' }).message).toContain('are 122.');
    expect(refusal('split', ['manny']).hint).toContain('Did you mean "many"?');
    run('split', ['many'], { calibration: '5', select: '5' });
    expect(refusal('split', ['many'], { calibration: '5', select: '5' }).message).toContain(
      '"many-calibration" already',
    );
    expect(existsSync(join(folder, 'data/prompts/general-calibration.json'))).toBe(false);
  });
});

describe('check', () => {
  test('tells duplicates, overlaps, control characters and decomposed texts', () => {
    const one = file('one.json', JSON.stringify(['a cat.', 'A cat .', '', 'cafe\u0301', 'a\u0007b']));
    const two = file('two.json', JSON.stringify(['a dog', 'a CAT.']));
    expect(run('check', [one, two], { json: true })).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({
      sets: [
        { prompts: 5, words: { min: 0, max: 3 }, empty: [3], duplicates: [[1, 2]], control: [5], notComposed: [4] },
        { prompts: 2, duplicates: [], empty: [] },
      ],
      overlaps: [{ sets: [one, two], positions: [1, 2], text: 'a CAT.' }],
      tokenizers: [],
    });
    run('check', [one, two]);
    expect(printed).toContain(`${one}: prompts 1 and 2 are one prompt`);
    expect(printed).toContain('prompts that two of them have: 1');
  });

  test('with a model counts what it cuts, and texts that are equal once they are cut', () => {
    const long = 'circle '.repeat(50);
    const path = file('long.json', JSON.stringify(['a circle', `${long}red`, `${long}blue`]));
    expect(run('check', [path], { json: true })).toBe(0);
    expect(run('check', [path], { model: 'shapes', json: true })).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({
      sets: [{ cut: { tokenizer: [2, 3] }, duplicates: [[2, 3]] }],
      tokenizers: [{ name: 'tokenizer', length: 40 }],
    });
  });

  test('finds nothing in the bundled sets', () => {
    const sets = ['calibration', 'select', 'heldout'].flatMap((part) => [`general-${part}`, `shapes-${part}`]);
    expect(run('check', sets)).toBe(0);
    expect(printed).toContain('no prompt is in two of them');
    expect(refusal('check', []).message).toContain('needs a set or a file');
  });
});

test('list names the sets with their files, and what is wrong with one', () => {
  run('import', [join(FIXTURES, 'old-mac.txt')]);
  writeFileSync(join(folder, 'data/prompts/broken.json'), '{');
  expect(run('list', [], { json: true })).toBe(0);
  const { sets } = JSON.parse(printed) as { sets: { name: string; prompts: number | null; problem: string | null }[] };
  expect(sets.find(({ name }) => name === 'old-mac')!.prompts).toBe(3);
  expect(sets.find(({ name }) => name === 'general-heldout')!.prompts).toBe(512);
  expect(sets.find(({ name }) => name === 'broken')!.problem).toContain('is not a prompt set');
});

test('sets of the data folder are found where the server keeps its data', () => {
  expect(promptRoots()[0]).toBe(join(dataFolderPath(), 'prompts'));
  vi.stubEnv('QSCHED_DATA', '');
  expect(promptRoots()[0]).toBe(join(dataFolderPath(), 'prompts'));
});
