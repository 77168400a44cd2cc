/** Prompt files of every known format, true to the published sets; what may be something else is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { setPrompts } from '../../cli/input/prompt-input.js';
import { QschedError } from '../../contract/errors.js';
import { readPromptFile } from '../../inference/prompts/prompt-file.js';
import { PROMPT_FORMATS } from '../../inference/prompts/prompt-formats.js';
import { parsePrompts } from '../../inference/prompts/prompt-sets.js';

const FOLDER = new URL('../fixtures/prompts/', import.meta.url);
const path = (name: string): string => new URL(name, FOLDER).pathname;
const read = (name: string) => readPromptFile(readFileSync(path(name)), name);
const bytes = (text: string) => new TextEncoder().encode(text);

function refusal(run: () => unknown): QschedError {
  try {
    run();
  } catch (error) {
    if (error instanceof QschedError && error.code === 'usage') return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Every fixture: its format, its texts, and its categories if it has any. */
const FIXTURES: Readonly<Record<string, { format: string; texts: string[]; categories?: (string | null)[] }>> = {
  'captions_val2017.json': {
    format: 'coco',
    texts: [
      'A black motorcycle stands in front of a closed garage.',
      'Two people work at a shared desk.',
      'A narrow room with a\nwindow and a mirror.',
    ],
  },
  'meta_data.json': {
    format: 'mjhq',
    texts: [
      'a stack of pancakes with melting butter, macro photograph',
      'portrait of a sailor, oil on canvas, warm light',
      'a tray of sushi on ice, seen from above',
    ],
    categories: ['food', 'people', 'food'],
  },
  'dci_prompts.yaml': {
    format: 'sdci',
    texts: [
      'A wide street between brick buildings. A tram in green and cream stands at the left, and two cyclists wait behind it.',
      'A harbour at low tide: three boats lie on the mud, one of them painted red.',
      'A market stall with "fresh" figs in wooden crates.',
      'A wooden bench under a plane tree, covered with yellow leaves.',
    ],
  },
  'PartiPrompts.tsv': {
    format: 'parti',
    texts: ['a kettle', 'The word "SLOW" painted on a road, seen from a bridge.', 'seven swans on a frozen lake'],
    categories: ['Artifacts', 'Outdoor Scenes', 'Animals'],
  },
  'DrawBench.csv': {
    format: 'drawbench',
    texts: [
      'A green coloured dog.',
      'A stack of 3 books. A red book is on the top, sitting on a blue book.',
      'A pear cut into five pieces arranged in a ring.',
    ],
    categories: ['Colors', 'DALL-E', 'Gary Marcus et al.'],
  },
  'captions.jsonl': {
    format: 'jsonl',
    texts: ['a lighthouse in fog', 'two goats on a roof', 'a plain JSON text', 'a bowl of soup'],
    categories: [null, 'animals', null, null],
  },
  'captions.yaml': {
    format: 'yaml',
    texts: ['a red kite over a beach', 'a blue door', '42'],
    categories: [null, 'objects', null],
  },
  'list.json': { format: 'json', texts: ['a cat on a mat', 'a dog in a hat', 'a frog on a log'] },
  'old-mac.txt': { format: 'text', texts: ['a first caption', 'a second one', 'a third one'] },
};

describe.each(Object.entries(FIXTURES))('%s', (name, { format, texts, categories }) => {
  test('is read in its format', () => {
    const file = read(name);
    expect(file.format).toBe(format);
    expect(file.prompts.map(({ text }) => text)).toEqual(texts);
    expect(file.prompts.map(({ category }) => category)).toEqual(categories ?? texts.map(() => null));
  });

  test('gives its texts to a spec by --prompts', () => {
    const tree: { prompts?: { texts?: string[] } } = {};
    setPrompts(tree, 'prompts', ['--prompts', path(name)], ['--count', '2']);
    expect(tree.prompts!.texts).toEqual(texts.slice(0, 2));
  });

  test('is read by its format alone, whatever its name ends in', () => {
    const content = readFileSync(path(name));
    const known = PROMPT_FORMATS.find((one) => one === format)!;
    expect(readPromptFile(content, 'x.dat', known).prompts.map(({ text }) => text)).toEqual(texts);
  });
});

test('a licence of the file is kept, nouns too', () => {
  expect(read('captions.yaml').license).toBe('CC0-1.0');
  expect(read('list.json').prompts[1]!.nouns).toEqual(['dog', 'hat']);
  expect(read('list.json').license).toBeNull();
});

test('the three line ends separate prompts, and a byte order mark is no part of one', () => {
  const texts = (text: string, where = 'x.txt') => parsePrompts(bytes(text), where).map((prompt) => prompt.text);
  expect(texts('a\rb\nc\r\nd')).toEqual(['a', 'b', 'c', 'd']);
  for (const [text, where] of [
    ['\ufeffa cat', 'x.txt'],
    ['\ufeff["a cat"]', 'x.json'],
    ['\ufeff"a cat"', 'x.jsonl'],
    ['\ufeff- a cat', 'x.yaml'],
    ['\ufeffprompt\ra cat', 'x.csv'],
    ['\ufeffprompt\na cat', 'x.tsv'],
  ] as const) {
    expect(texts(text, where)).toEqual(['a cat']);
  }
});

test('texts of JSON lists stay as they are, since their hashes are keys', () => {
  expect(parsePrompts(bytes('[" a cat "]'), 'x.json')[0]!.text).toBe(' a cat ');
});

describe('refused is', () => {
  test.each<[string, string, string, RegExp]>([
    ['YAML in a text file', '- a cat\n- a dog\n', 'x.txt', /looks like YAML/],
    ['a mapping in YAML in a text file', 'sa_1: a cat\nsa_2: a dog\n', 'prompts', /looks like YAML/],
    ['JSON lines in a text file', '{"prompt": "a cat"}\n{"prompt": "a dog"}\n', 'x.txt', /looks like JSON lines/],
    ['JSON in a text file', '[\n"a cat",\n"a dog"\n]', 'x.txt', /looks like JSON\./],
    ['a table in a text file', 'Prompt\tCategory\na cat\tAnimals\n', 'x.txt', /looks like a table/],
    ['an unknown end', 'a cat\n', 'x.parquet', /ends in "\.parquet", which tells no format/],
    ['JSON lines in a .json file', '"a"\n"b"', 'x.json', /one JSON value per line; such files end in \.jsonl/],
    ['a spec as prompts', 'model: shapes\nprecision: w4a8\n', 'x.yaml', /"model" is the single word "shapes"/],
    [
      'a spec with groups',
      'model: shapes\nscheduler: { steps: 4 }\n',
      'x.yaml',
      /a mapping with "model", "scheduler" and/,
    ],
    ['broken YAML', 'a: b: c\n', 'x.yaml', /x\.yaml is not a prompt set: line 1: /],
    ['a duplicated id', 'a: one cat\na: one dog\n', 'x.yaml', /line 2: Map keys must be unique/],
    ['a number in YAML', '- 42\n', 'x.yaml', /entry 1 is the number 42, not a text \(in quotation marks/],
    ['a scalar', 'a cat', 'x.yaml', /it is a text, neither a list nor a mapping/],
    ['an empty mapping', '{}', 'x.json', /an empty mapping/],
    ['two fields', '[{"text": "a", "prompt": "b"}]', 'x.json', /entry 1 has "text", "prompt": which of them is the/],
    ['two columns', 'prompt,caption\na,b\n', 'x.csv', /the columns "prompt", "caption": which of them holds/],
    ['two lists', '{"prompts": [], "annotations": []}', 'x.json', /both "prompts" and "annotations"/],
    [
      'boxes of COCO',
      '{"annotations": [{"image_id": 1, "bbox": []}]}',
      'x.json',
      /annotation 1 has no caption: .*captions_val/,
    ],
    ['captions without images', '{"annotations": [{"caption": "a"}]}', 'x.json', /annotation 1 has no image_id/],
    ['an id without a prompt', '{"a": {"category": "x"}}', 'x.json', /"a" has no text: it needs .* and has "category"/],
    ['a broken line', '"a"\n{"prompt": \n', 'x.jsonl', /line 2 is not JSON/],
    ['a list in a line', '["a"]\n', 'x.jsonl', /line 1 is a list, not a text/],
  ])('%s', (_, text, where, message) => {
    const error = refusal(() => parsePrompts(bytes(text), where));
    expect(error.message).toMatch(message);
    expect(error.hint).not.toBe('');
  });

  test('another format than the one that was asked for', () => {
    const coco = readFileSync(path('captions_val2017.json'));
    expect(refusal(() => readPromptFile(coco, 'x.json', 'mjhq')).message).toContain('"info" has no text');
    expect(refusal(() => readPromptFile(bytes('["a"]'), 'x.json', 'mjhq')).message).toContain('it is a list, not a');
    expect(refusal(() => readPromptFile(bytes('["a"]'), 'x.json', 'coco')).message).toContain('annotation 1 has no');
    expect(refusal(() => readPromptFile(bytes('text,id\na,1\n'), 'x.csv', 'drawbench')).message).toBe(
      'x.csv is not a prompt set: it has the columns "text", "id", not "prompts", "category".',
    );
  });

  test('nothing that was asked for by name', () => {
    expect(readPromptFile(bytes('- a cat\n- a dog'), 'x.txt', 'text').prompts[0]!.text).toBe('- a cat');
    expect(readPromptFile(bytes('a: shapes'), 'x.yaml', 'sdci').prompts[0]!.text).toBe('shapes');
  });
});
