/** T5's token ids equal those of the Python package `tokenizers` (tools/golden/t5_tokenizer.py). */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { charsmapOf } from '../../inference/models/charsmap.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { loadT5Tokenizer, t5TokenizerFiles } from '../../inference/models/t5-tokenizer.js';
import { openTokenizer } from '../../inference/models/tokenizer-definition.js';
import { bytes, number } from '../unit/onnx-bytes.js';

interface Golden {
  readonly sha256: string;
  readonly rows: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly older: readonly number[];
  }[];
}
interface Definition {
  readonly normalizer: { readonly precompiled_charsmap: string };
  readonly model: { readonly vocab: readonly (readonly [string, number])[] };
}

const test_ = join(packageRoot(), 'test');
const golden = JSON.parse(readFileSync(join(test_, 'golden', 't5-tokenizer.json'), 'utf8')) as Golden;
const flux = join(test_, 'fixtures', 'pipelines', 'flux');
const source = readFileSync(join(flux, 'tokenizer_2', 'tokenizer.json'), 'utf8');
const definition = JSON.parse(source) as Definition;
const root = mkdtempSync(join(tmpdir(), 'qsched-t5-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(root, `${(count += 1)}-`));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** The tokens of a text without padding: ids are compared in full. */
const LENGTH = 400;
const PAD = 0;
const EOS = 1;
function expectIds(folder: string): void {
  const tokenizer = loadT5Tokenizer(folder, LENGTH);
  for (const { text, ids } of golden.rows) {
    expect([text, [...tokenizer.encode([text])[0]!]]).toEqual([
      text,
      [...ids, ...Array<number>(LENGTH - ids.length).fill(PAD)],
    ]);
  }
}

test('the golden rows are of the fixture', () => {
  expect(createHash('sha256').update(source).digest('hex')).toBe(golden.sha256);
  expect(golden.rows.length).toBeGreaterThan(250);
});

test('tokenizer.json as transformers 5 writes it', () => expectIds(join(flux, 'tokenizer_2')));

test('tokenizer.json as transformers 4 writes it', () => {
  const { normalizer } = definition;
  const older = openTokenizer(
    {
      ...definition,
      normalizer: {
        type: 'Sequence',
        normalizers: [
          normalizer,
          { type: 'Strip', strip_left: false, strip_right: true },
          { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '\u2581' },
        ],
      },
      pre_tokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true },
    },
    {},
  );
  for (const { text, older: ids } of golden.rows) expect([text, older.ids(text)]).toEqual([text, ids]);
});

describe('spiece.model alone', () => {
  const TYPES: Readonly<Record<string, number>> = { '<pad>': 3, '</s>': 3, '<unk>': 2 };
  const float = (value: number): Buffer => {
    const buffer = Buffer.alloc(5);
    buffer[0] = (2 << 3) | 5;
    buffer.writeFloatLE(value, 1);
    return buffer;
  };
  const pieces = definition.model.vocab.filter(([text]) => !text.startsWith('<extra_id_'));
  /** ModelProto of sentencepiece_model.proto. @param type of the model: 1 is unigram */
  const written = (type: number): Buffer =>
    Buffer.concat([
      ...pieces.map(([text, score]) => bytes(1, bytes(1, text), float(score), number(3, TYPES[text] ?? 1))),
      bytes(2, number(3, type)),
      bytes(3, bytes(1, 'nmt_nfkc'), bytes(2, Buffer.from(definition.normalizer.precompiled_charsmap, 'base64'))),
    ]);

  test('gives the same ids', () => expectIds(folderWith({ 'spiece.model': written(1) })));

  test('is refused if it is not a unigram model, or no model at all, with how to save tokenizer.json', () => {
    for (const content of [written(2), Buffer.from('{"not": "a model"}'), Buffer.alloc(0)]) {
      const folder = folderWith({ 'spiece.model': content });
      expect(() => loadT5Tokenizer(folder, 8)).toThrow(
        `${join(folder, 'spiece.model')} cannot be read as a SentencePiece`,
      );
    }
  });
});

describe('files', () => {
  test('are tokenizer.json before spiece.model, with the config', () => {
    cpSync(join(flux, 'tokenizer_2'), join(root, 'both'), { recursive: true });
    writeFileSync(join(root, 'both', 'spiece.model'), '');
    expect(t5TokenizerFiles(root, 'both')).toEqual(['both/tokenizer.json', 'both/tokenizer_config.json']);
  });

  test('that are missing are named', () => {
    expect(() => t5TokenizerFiles(folderWith({}), 'tokenizer_2')).toThrow(
      'lacks tokenizer_2/tokenizer.json or tokenizer_2/spiece.model.',
    );
  });
});

describe('rows', () => {
  const tokenizer = loadT5Tokenizer(join(flux, 'tokenizer_2'), 8);

  test('end with EOS, also where the text is cut, and are padded', () => {
    const [short, long] = tokenizer.encode(['a', 'a red circle on a white background, seen from above']);
    const end = short!.indexOf(EOS);
    expect(short!.slice(end + 1)).toEqual(new Int32Array(7 - end).fill(PAD));
    expect(long).toHaveLength(8);
    expect(long!.at(-1)).toBe(EOS);
  });

  test('say how many were cut', () => {
    expect(tokenizer.truncated(['a', 'a red circle on a white background, seen from above'])).toBe(1);
  });
});

test('a charsmap that is cut off is refused', () => {
  const packed = Buffer.from(definition.normalizer.precompiled_charsmap, 'base64');
  expect(() => charsmapOf(packed.subarray(0, 1000).toString('base64'))).toThrow('cut off');
  expect(() => charsmapOf('')).toThrow('cut off');
});
