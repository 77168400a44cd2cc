/** What is found on disk: models, scorers, prompt sets; and what a broken one says. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ByteCache } from '../../inference/models/byte-cache.js';
import { fileStamp, hashFile, hashFiles } from '../../inference/models/file-hashes.js';
import { listPrecisions, openModelFolder } from '../../inference/models/model-folder.js';
import { findModel, listModels, packageRoot } from '../../inference/models/model-roots.js';
import { numericClass } from '../../inference/models/numeric-class.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { scoreQueueOf } from '../../inference/fingerprint.js';
import { checkFitFiles, checkSearchFiles } from '../../planning/check.js';
import type { Prompt } from '../../inference/prompts/prompt.js';
import {
  hashTexts,
  listPromptSets,
  parsePrompts,
  readPromptSet,
  resolveSplit,
  splitPrompts,
} from '../../inference/prompts/prompt-sets.js';
import { refuseTooMuchText } from '../../inference/prompts/too-much-text.js';
import { openSession } from '../../inference/models/runtime-session.js';
import { openScorerFolder } from '../../inference/scorers/scorer-folder.js';
import { QschedError } from '../../contract/errors.js';
import { model as onnx, tensor, value as onnxValue } from './onnx-bytes.js';
import { parseSearchSpec } from '../../contract/validate.js';

let root: string;
let models: string;
let prompts: string;

const SCORER_FILES = ['text_model.onnx', 'vision_model.onnx', 'tokenizer.json', 'tokenizer_config.json'];

function write(path: string, content: string | Uint8Array | object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
}

const withOutput = (name: string): Uint8Array => onnx({ outputs: [onnxValue(name, 'float32', ['batch'])] });

/** A folder of the right layout; the graphs have no nodes. */
function makeModel(name: string): string {
  const folder = join(models, name);
  for (const file of ['tokenizer/tokenizer.json', 'tokenizer/tokenizer_config.json']) write(join(folder, file), {});
  for (const [file, output] of [
    ['text_encoder/model', 'last_hidden_state'],
    ['unet/model', 'out_sample'],
    ['unet/model_w4a8', 'out_sample'],
    ['vae_decoder/model', 'sample'],
  ]) {
    write(join(folder, `${file}.onnx`), withOutput(output!));
  }
  write(join(folder, 'model_index.json'), {});
  write(join(folder, 'unet/config.json'), { in_channels: 6, sample_size: 8 });
  write(join(folder, 'vae_decoder/config.json'), { scaling_factor: 0.5 });
  write(join(folder, 'scheduler/scheduler_config.json'), { _class_name: 'TCDScheduler', num_train_timesteps: 1000 });
  write(join(folder, 'qsched.json'), { scorers: { objective: 'clip', second: 'clip' } });
  return folder;
}

function makeScorer(name: string): string {
  const folder = join(models, name);
  for (const file of SCORER_FILES) {
    const output = file === 'text_model.onnx' ? 'text_embeds' : 'image_embeds';
    write(join(folder, file), file.endsWith('.onnx') ? withOutput(output) : {});
  }
  write(join(folder, 'preprocessor_config.json'), {
    crop_size: { height: 32 },
    image_mean: [0, 0, 0],
    image_std: [1, 1, 1],
  });
  return folder;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'qsched-models-'));
  [models, prompts] = [join(root, 'models'), join(root, 'prompts')];
  mkdirSync(models);
  mkdirSync(prompts);
  makeModel('tiny');
  makeScorer('clip');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The error that an action earns: always wrong input, exit 2. */
function refusal(action: () => unknown): QschedError {
  try {
    action();
  } catch (error) {
    if (!(error instanceof QschedError)) throw error;
    expect(error.exitCode).toBe(2);
    expect(error.hint).not.toBe('');
    return error;
  }
  throw new Error('nothing was refused');
}

const textsOf = (list: readonly Prompt[]): string[] => list.map(({ text }) => text);

describe('a model folder', () => {
  test('is found with its settings', () => {
    const model = openModelFolder('tiny', 'w4a8', [models]);
    expect(model).toMatchObject({
      name: 'tiny',
      precision: 'w4a8',
      pipeline: 'sd15',
      precisions: ['fp32', 'w4a8'],
      latentShape: [6, 8, 8],
      scorers: { objective: 'clip' },
    });
    expect(model.files).toContain('unet/model_w4a8.onnx');
    expect(model.files).not.toContain('unet/model.onnx');
    const denoiserOf = (precision: string) =>
      openModelFolder('tiny', precision, [models]).networks.find(({ role }) => role === 'denoiser')?.file;
    expect(denoiserOf('fp32')).toBe('unet/model.onnx');
    expect(denoiserOf('w4a8')).toBe('unet/model_w4a8.onnx');
    expect(listPrecisions(model.folder)).toEqual(['fp32', 'w4a8']);
  });

  test('counts weights beside a network as part of it', () => {
    write(join(models, 'tiny/unet/model_w4a8.onnx_data'), 'weights');
    expect(openModelFolder('tiny', 'w4a8', [models]).files).toContain('unet/model_w4a8.onnx_data');
    write(join(models, 'clip/vision_model.onnx_data'), 'weights');
    expect(openScorerFolder('objective', openModelFolder('tiny', 'w4a8', [models]), [models]).files).toContain(
      'vision_model.onnx_data',
    );
  });

  test('counts every file that a graph keeps weights in, once, after the others', () => {
    const folder = join(models, 'tiny');
    const before = openModelFolder('tiny', 'w4a8', [models]).files;
    const keepIn = (...locations: string[]) =>
      onnx({ tensors: locations.map((location) => tensor('w', { location })) });
    write(
      join(folder, 'unet/model_w4a8.onnx'),
      keepIn('weights.pb', 'model_w4a8.onnx_data', 'parts/w_1', 'weights.pb'),
    );
    write(join(folder, 'text_encoder/model.onnx'), keepIn('model.onnx.data'));
    const weights = ['unet/weights.pb', 'unet/model_w4a8.onnx_data', 'unet/parts/w_1', 'text_encoder/model.onnx.data'];
    for (const file of weights) write(join(folder, file), 'weights');
    expect(openModelFolder('tiny', 'w4a8', [models]).files).toEqual([
      ...before,
      'unet/model_w4a8.onnx_data',
      'text_encoder/model.onnx.data',
      'unet/weights.pb',
      'unet/parts/w_1',
    ]);
    write(join(models, 'clip/text_model.onnx'), keepIn('all.bin'));
    write(join(models, 'clip/vision_model.onnx'), keepIn('all.bin'));
    write(join(models, 'clip/all.bin'), 'weights');
    const scorer = openScorerFolder('clip', { scorers: {} }, [models]);
    expect(scorer.files.slice(-1)).toEqual(['all.bin']);
    expect(scorer.files.filter((file) => file === 'all.bin')).toHaveLength(1);
  });

  test.each([
    ['is missing', 'gone.bin'],
    ['is missing', 'text_encoder'],
    ['outside the folder', '../weights.bin'],
    ['outside the folder', '/weights.bin'],
    ['outside the folder', ''],
  ])('refuses weights whose file %s: %s', (why, location) => {
    write(join(models, 'clip/vision_model.onnx'), onnx({ tensors: [tensor('w', { location })] }));
    mkdirSync(join(models, 'clip/text_encoder'), { recursive: true });
    write(join(models, 'weights.bin'), 'weights');
    const { message } = refusal(() => openScorerFolder('clip', { scorers: {} }, [models]));
    expect(message).toContain(why);
    expect(message).toContain(join(models, 'clip/vision_model.onnx'));
    expect(message).toContain(JSON.stringify(location));
  });

  test.each([
    'model_index.json',
    'tokenizer/tokenizer.json',
    'tokenizer/tokenizer_config.json',
    'text_encoder/model.onnx',
    'unet/config.json',
    'vae_decoder/model.onnx',
    'vae_decoder/config.json',
    'scheduler/scheduler_config.json',
  ])('that lacks %s says so', (file) => {
    rmSync(join(models, 'tiny', file));
    expect(refusal(() => openModelFolder('tiny', 'w4a8', [models])).message).toMatch(
      new RegExp(`^The (model )?folder ${join(models, 'tiny')}[ /].*${file.replace('tokenizer/', '')}`),
    );
  });

  test('without a full-precision network says so where one is asked for', () => {
    rmSync(join(models, 'tiny/unet/model.onnx'));
    expect(openModelFolder('tiny', 'w4a8', [models]).precisions).toEqual(['w4a8']);
    expect(refusal(() => openModelFolder('tiny', 'reference', [models])).message).toBe(
      'The model "tiny" has no full-precision network: unet/ holds w4a8.',
    );
  });

  test('without a network folder says so', () => {
    rmSync(join(models, 'tiny/unet'), { recursive: true });
    expect(refusal(() => listPrecisions(join(models, 'tiny'))).message).toContain('lacks unet');
  });

  test('an unknown precision lists what there is', () => {
    const error = refusal(() => openModelFolder('tiny', 'w4a6', [models]));
    expect(error.message).toBe('The model "tiny" has no precision "w4a6".');
    expect(error.hint).toBe('Did you mean "w4a8"? Allowed: fp32, w4a8.');
  });

  test('an unknown model lists what there is', () => {
    makeModel('other');
    const error = refusal(() => openModelFolder('tinny', 'w4a8', [models]));
    expect(error.message).toBe('There is no model "tinny".');
    expect(error.hint).toBe('Did you mean "tiny"? Allowed: other, tiny.');
    expect(refusal(() => openModelFolder('tiny', 'w4a8', [join(root, 'empty')])).hint).toBe(
      `Put model folders under ${join(root, 'empty')}.`,
    );
  });

  test.each([['../models/tiny'], ['..'], ['.'], ['tiny/../tiny'], ['/tiny'], ['tiny/'], ['a\\b'], [''], ['tiny\0']])(
    'the name %j does not leave the roots',
    (name) => {
      expect(refusal(() => findModel(name, [models])).message).toContain('is not a model name');
      expect(refusal(() => openScorerFolder(name, { scorers: {} }, [models])).message).toContain(
        'is not a scorer name',
      );
      expect(refusal(() => readPromptSet(name, [prompts])).message).toContain('is not the name of a prompt set');
    },
  );

  test('broken JSON is named', () => {
    const config = join(models, 'tiny/unet/config.json');
    write(config, '{"in_channels": 6,');
    expect(refusal(() => openModelFolder('tiny', 'w4a8', [models])).message).toContain(`${config} cannot be read: `);
    write(config, 'null');
    expect(refusal(() => openModelFolder('tiny', 'w4a8', [models])).message).toContain('it holds no object');
    write(config, { in_channels: 6 });
    expect(refusal(() => openModelFolder('tiny', 'w4a8', [models])).message).toContain('"sample_size"');
    write(config, { in_channels: 6, sample_size: [4, 8] });
    expect(openModelFolder('tiny', 'w4a8', [models]).latentShape).toEqual([6, 4, 8]);
  });

  test('the first root wins; a file or a dangling link among them is passed over', () => {
    const second = join(root, 'second');
    mkdirSync(join(second, 'tiny'), { recursive: true });
    write(join(second, 'tiny/model_index.json'), {});
    write(join(models, 'notes.txt'), 'not a model');
    symlinkSync(join(root, 'gone'), join(models, 'gone'));
    expect(findModel('tiny', [second, models])).toBe(join(second, 'tiny'));
    expect(listModels([second, models, join(root, 'absent'), join(models, 'notes.txt')])).toEqual(['tiny']);
    expect(refusal(() => findModel('nothing', [models])).hint).toContain('tiny');
  });

  test('a network that is none is named', async () => {
    await expect(openSession(join(models, 'tiny/unet/model.onnx'), { batch: 1, threads: 1 })).rejects.toThrow(
      /^ONNX Runtime cannot load .*unet\/model\.onnx/,
    );
  });

  test('the package root is where package.json is', () => {
    expect(existsSync(join(packageRoot(), 'tsconfig.json'))).toBe(true);
  });
});

describe('a scorer folder', () => {
  const model = { scorers: { objective: 'clip' } };

  test('is found by role or by name', () => {
    expect(openScorerFolder('objective', model, [models])).toMatchObject({
      role: 'objective',
      name: 'clip',
      kind: 'clip',
    });
    expect(openScorerFolder('clip', model, [models])).toMatchObject({ role: 'clip', name: 'clip' });
    expect(refusal(() => openScorerFolder('third', model, [models])).message).toBe('There is no scorer "third".');
  });

  test.each([...SCORER_FILES, 'preprocessor_config.json'])('that lacks %s says so', (file) => {
    rmSync(join(models, 'clip', file));
    expect(refusal(() => openScorerFolder('objective', model, [models])).message).toContain(`lacks ${file}`);
  });

  test.each([
    [{ image_mean: [0, 0, 0], image_std: [1, 1, 1] }, 'names no size'],
    [{ size: 32 }, 'image_mean'],
    [{ size: 32, image_mean: [0, 0, null], image_std: [1, 1, 1] }, 'image_std'],
  ])('with the config %j', (config, message) => {
    write(join(models, 'clip/preprocessor_config.json'), config);
    expect(refusal(() => openScorerFolder('objective', model, [models])).message).toContain(message);
  });
});

describe('prompt sets', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('are JSON or a prompt per line', () => {
    expect(textsOf(parsePrompts(bytes('a cat\r\n\n  a dog \n'), 'x.txt'))).toEqual(['a cat', 'a dog']);
    expect(textsOf(parsePrompts(bytes('\ufeffa cat'), 'x.txt'))).toEqual(['a cat']);
    expect(textsOf(parsePrompts(bytes('{"prompts": [{"text": "a cat"}, "a dog"]}'), 'x.json'))).toEqual([
      'a cat',
      'a dog',
    ]);
    expect(textsOf(parsePrompts(bytes('["a cat"]'), 'x.json'))).toEqual(['a cat']);
    expect(parsePrompts(bytes('nouns,Prompt\r\ncat;mat,"a cat, on a mat"\r\n,nothing\r\n'), 'x.csv')).toEqual([
      { text: 'a cat, on a mat', nouns: ['cat', 'mat'] },
      { text: 'nothing', nouns: null },
    ]);
    expect(parsePrompts(bytes('text\tnouns\nit rains\t;\nsnow\t \n'), 'x.tsv')).toEqual([
      { text: 'it rains', nouns: [] },
      { text: 'snow', nouns: null },
    ]);
    expect(textsOf(parsePrompts(bytes('\ufefftext,id\r\n"a ""red"" cat, alone",1\r\n'), 'x.csv'))).toEqual([
      'a "red" cat, alone',
    ]);
    expect(parsePrompts(bytes('prompt\tCategory\na "cat"\tAnimals\n'), 'x.tsv')).toEqual([
      { text: 'a "cat"', nouns: null },
    ]);
    expect(refusal(() => parsePrompts(bytes('title,id\na cat,1\n'), 'x.csv')).message).toBe(
      'x.csv is not a prompt set: it has the columns "title", "id", and none is called "text", "prompt" or "caption".',
    );
    expect(refusal(() => parsePrompts(bytes('text,id\na cat\n'), 'x.csv')).message).toContain(
      'x.csv is not a prompt set: line 2:',
    );
    expect(
      parsePrompts(
        bytes(
          '[{"text": "a cat", "nouns": ["cat"]}, "a dog", {"text": "rain", "nouns": []}, {"text": "snow", "nouns": null}]',
        ),
        'x.json',
      ),
    ).toEqual([
      { text: 'a cat', nouns: ['cat'] },
      { text: 'a dog', nouns: null },
      { text: 'rain', nouns: [] },
      { text: 'snow', nouns: null },
    ]);
    expect(refusal(() => parsePrompts(bytes('[{"text": "a cat", "nouns": "cat"}]'), 'x.json')).message).toContain(
      'the nouns of entry 1 are not a list of words',
    );
  });

  test.each<[string, Uint8Array, string, string]>([
    ['bad UTF-8', Uint8Array.of(0x61, 0xc3, 0x28), 'x.txt', 'x.txt is not UTF-8 text.'],
    ['nothing', bytes('\n \n'), 'x.txt', 'x.txt holds no prompts.'],
    ['an empty list', bytes('[]'), 'x.json', 'x.json holds no prompts.'],
    ['an empty table', bytes(''), 'x.csv', 'x.csv holds no prompts.'],
    ['a table of its header', bytes('text\n'), 'x.csv', 'x.csv holds no prompts.'],
    ['an open quote', bytes('text\n"a cat\n'), 'x.csv', 'x.csv is not a prompt set: line 2: Quote Not Closed'],
    [
      'a comma that nothing quotes',
      bytes('text,id\na cat, on a mat,1\n'),
      'x.csv',
      'x.csv is not a prompt set: line 2:',
    ],
    [
      'bad UTF-8 in a table',
      Uint8Array.of(0x74, 0x65, 0x78, 0x74, 0x0a, 0xc3, 0x28),
      'x.csv',
      'x.csv is not UTF-8 text.',
    ],
    [
      'a long duplicate',
      bytes(`${'a'.repeat(300)}\n${'a'.repeat(300)}\n`),
      'x.txt',
      `Prompt 2 of x.txt appears twice: "${'a'.repeat(77)}...".`,
    ],
    ['a duplicate', bytes('a\nb\na\n'), 'x.txt', 'Prompt 3 of x.txt appears twice: "a".'],
    ['an empty prompt', bytes('["a", " "]'), 'x.json', 'Prompt 2 of x.json is empty.'],
    [
      'no list',
      bytes('{"texts": []}'),
      'x.json',
      'x.json is not a prompt set: it is a mapping with "texts" and without a list "prompts".',
    ],
    ['null', bytes('null'), 'x.json', 'x.json is not a prompt set: it is empty, neither a list nor a mapping.'],
    [
      'an entry without text',
      bytes('["a", {"txt": "b"}]'),
      'x.json',
      'x.json is not a prompt set: entry 2 has no text: it needs "text", "prompt" or "caption", and has "txt".',
    ],
    ['broken JSON', bytes('["a",'), 'x.json', 'x.json is not a prompt set: '],
  ])('%s is refused', (_, content, where, message) => {
    expect(refusal(() => parsePrompts(content, where)).message.startsWith(message)).toBe(true);
  });

  test('are found by name; an unknown one lists what there is', () => {
    write(join(prompts, 'cats.txt'), 'a cat\nanother cat');
    write(join(prompts, 'dogs.json'), { prompts: ['a dog'] });
    expect(textsOf(readPromptSet('cats', [join(root, 'absent'), prompts]))).toEqual(['a cat', 'another cat']);
    expect(listPromptSets([prompts])).toEqual(['cats', 'dogs']);
    expect(refusal(() => readPromptSet('cat', [prompts])).hint).toBe('Did you mean "cats"? Allowed: cats, dogs.');
  });

  test('are files: a folder of such a name, or a file for a root, is passed over', () => {
    mkdirSync(join(prompts, 'cats.json'));
    write(join(prompts, 'cats.txt'), 'a cat');
    write(join(root, 'file'), 'no folder');
    expect(textsOf(readPromptSet('cats', [join(root, 'file'), prompts]))).toEqual(['a cat']);
    expect(refusal(() => readPromptSet('cat', [join(root, 'file'), prompts])).hint).toContain('"cats"');
  });

  test('too few for what was asked', () => {
    write(join(prompts, 'cats.txt'), 'a cat\nanother cat');
    expect(refusal(() => resolveSplit({ set: 'cats', count: 3, seeds: [0] }, 'select', [prompts])).message).toBe(
      'select.count is 3, but the prompt set "cats" holds 2 prompts.',
    );
    expect(resolveSplit({ set: 'cats', count: 1, seeds: [0] }, 'select', [prompts]).texts).toEqual(['a cat']);
  });

  test('that differ on this worker are refused', () => {
    write(join(prompts, 'cats.txt'), 'a cat\nanother cat\na third');
    const { split } = resolveSplit({ set: 'cats', count: 2, seeds: [0] }, 'prompts', [prompts]);
    expect(textsOf(splitPrompts(split, [prompts]))).toEqual(['a cat', 'another cat']);
    write(join(prompts, 'cats.txt'), 'a cat\nanother cat\nand more');
    expect(textsOf(splitPrompts(split, [prompts]))).toEqual(['a cat', 'another cat']);
    write(join(prompts, 'cats.txt'), 'another cat\na cat');
    expect(refusal(() => splitPrompts(split, [prompts])).message).toBe(
      'The prompt set "cats" on this worker differs from the one that the search was prepared with.',
    );
    const own = resolveSplit({ set: 'cats', texts: ['x', 'y'], count: 20, seeds: [0] }, 'prompts', [prompts]);
    expect(own.split).toMatchObject({ set: null, texts: ['x', 'y'], count: 2, sha256: hashTexts(['x', 'y']) });
    expect(textsOf(splitPrompts(own.split, []))).toEqual(['x', 'y']);
    expect(hashTexts(['a', 'b'])).not.toBe(hashTexts(['ab']));
  });
});

describe('the text of a search', () => {
  const texts = (count: number, length: number) =>
    Array.from({ length: count }, (_, i) => String(i).padStart(length, 'x'));

  test('up to 1 MB in all crosses the wire', () => {
    expect(() =>
      refuseTooMuchText({ calibration: texts(20, 97), select: texts(64, 97), confirm: texts(9900, 97) }),
    ).not.toThrow();
  });

  test('above that is refused, with the split that is largest and a count that fits', () => {
    const splits = { calibration: texts(100, 97), select: texts(200, 97), confirm: texts(12_000, 97) };
    const error = refusal(() => refuseTooMuchText(splits));
    expect(error.message).toBe(
      'The prompts of the search are 1.23 MB of text, confirm alone 1.20 MB in 12000 prompts: at most 1.00 MB fit.',
    );
    expect(error.hint).toMatch(/^Set confirm\.count to 9700 or less: /);
    expect(() => refuseTooMuchText({ ...splits, confirm: splits.confirm.slice(0, 9700) })).not.toThrow();
    expect(() => refuseTooMuchText({ ...splits, confirm: splits.confirm.slice(0, 9701) })).toThrow('1.01 MB');
  });

  test('is counted in UTF-8, as JSON', () => {
    const [calibration, select] = [texts(2, 5), texts(3, 5)];
    expect(
      refusal(() => refuseTooMuchText({ calibration, select, confirm: ['\u6f22'.repeat(400_000)] })).message,
    ).toContain('1.21 MB');
    expect(
      refusal(() => refuseTooMuchText({ calibration: ['"'.repeat(600_000)], select, confirm: texts(6, 5) })).message,
    ).toContain('prompts alone 1.21 MB in 1 prompts');
  });

  test('of several large splits', () => {
    const error = refusal(() =>
      refuseTooMuchText({ calibration: texts(1, 900_000), select: texts(1, 900_000), confirm: texts(4, 5) }),
    );
    expect(error.hint).toMatch(/^Lower prompts\.count, and those of the other splits: /);
  });
});

describe('what files show before any server is needed', () => {
  const specOf = (rest: Record<string, unknown> = {}) =>
    parseSearchSpec({
      model: 'tiny',
      prompts: { texts: ['a'] },
      select: { texts: ['b'] },
      confirm: { texts: ['c', 'd'] },
      ...rest,
    });
  const check = (rest: Record<string, unknown> = {}) =>
    checkSearchFiles(specOf(rest), { models: [models], prompts: [prompts] });

  test('a spec that fits resolves', () => {
    const { splits, texts, scorers } = check();
    expect(texts).toEqual({ calibration: ['a'], select: ['b'], confirm: ['c', 'd'] });
    expect(splits.confirm.seeds).toEqual([1000]);
    expect(scorers.map(({ role }) => role)).toEqual(['objective', 'second']);
  });

  test('splits that overlap across a set and texts are refused', () => {
    write(join(prompts, 'more.txt'), 'x\nb\na');
    expect(refusal(() => check({ select: { set: 'more', count: 3 } })).message).toBe(
      'prompts and select overlap: both hold "a". A verdict needs prompts that the search never saw.',
    );
    expect(check({ select: { set: 'more', count: 2 } }).texts.select).toEqual(['x', 'b']);
    write(join(prompts, 'odd.txt'), 'x\nb\nA');
    expect(refusal(() => check({ select: { set: 'odd', count: 3 } })).message).toMatch(
      /overlap: "a" and "A" are one prompt for a/,
    );
  });

  test('an unknown scorer of the verdict, and a control without its network', () => {
    expect(refusal(() => check({ confirm: { texts: ['c', 'd'], scorers: ['third'] } })).message).toBe(
      'There is no scorer "third".',
    );
    expect(refusal(() => check({ precision: 'w8a8' })).message).toContain('no precision "w8a8"');
  });

  test.each([
    ['ptqd', 'PTQD corrects fused steps'],
    ['match', 'a least-squares match fits fused steps'],
  ] as const)('a scheduler that clips is searched, but %s has nothing to fit', (method, purpose) => {
    write(join(models, 'tiny/scheduler/scheduler_config.json'), { _class_name: 'DDIMScheduler', clip_sample: true });
    const rest = { scheduler: { type: 'ddim' } };
    expect(check(rest).texts.calibration).toEqual(['a']);
    const error = refusal(() => checkFitFiles(specOf(rest), method, { models: [models], prompts: [prompts] }));
    expect(error.message).toBe(
      `The scheduler "ddim" clips its predicted sample to [-1, 1]: its steps have no fused form, and ${purpose}.`,
    );
    expect(error.hint).toContain('"clip_sample": false');
  });

  test('a scheduler config that cannot be sampled is refused', () => {
    write(join(models, 'tiny/scheduler/scheduler_config.json'), {
      _class_name: 'TCDScheduler',
      num_train_timesteps: -1,
    });
    expect(refusal(() => check()).message).toContain('num_train_timesteps');
  });

  test('steps beyond what the model was made for are refused', () => {
    write(join(models, 'tiny/scheduler/scheduler_config.json'), {
      _class_name: 'TCDScheduler',
      original_inference_steps: 8,
    });
    const model = openModelFolder('tiny', 'w4a8', [models]);
    expect(refusal(() => schedulerOf(model, { type: 'tcd', steps: 9, eta: 0 })).message).toContain('from 1 to 8');
    expect(schedulerOf(model, { type: 'tcd', steps: 8, eta: 0 }).timesteps).toHaveLength(8);
  });
});

describe('fingerprints', () => {
  test('are sha256 of the content, and notice a change', async () => {
    const path = join(root, 'file.bin');
    write(path, 'one');
    expect(await hashFile(path)).toBe(createHash('sha256').update('one').digest('hex'));
    const stamp = fileStamp(path);
    write(path, 'two');
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    expect(fileStamp(path)).not.toBe(stamp);
    expect(await hashFile(path)).toBe(createHash('sha256').update('two').digest('hex'));
    expect(await hashFiles(root, ['file.bin'])).toEqual({ 'file.bin': await hashFile(path) });
    await expect(hashFile(join(root, 'none'))).rejects.toThrow(/ENOENT/);
  });

  test('queues differ where files or arithmetic do', () => {
    const numeric = numericClass(20);
    const name = scoreQueueOf({ a: '1', b: '2' }, numeric);
    expect(name).toMatch(/^qsched-score-[0-9a-f]{12}$/);
    expect(scoreQueueOf({ b: '2', a: '1' }, numeric)).toBe(name);
    expect(scoreQueueOf({ a: '1', b: '3' }, numeric)).not.toBe(name);
    expect(scoreQueueOf({ a: '1', b: '2' }, { ...numeric, batch: 10 })).not.toBe(name);
    expect(numeric).toEqual({
      provider: 'cpu',
      onnxruntime: expect.stringMatching(/^1\.30\./),
      instructions: expect.stringMatching(/./),
      batch: 20,
    });
  });
});

test('the byte cache forgets what was used longest ago', () => {
  const cache = new ByteCache(32);
  cache.set('a', new Float32Array(4));
  cache.set('b', new Float32Array(4));
  expect(cache.get('a')).toHaveLength(4);
  cache.set('c', new Float32Array(4));
  expect(cache.get('b')).toBeUndefined();
  expect(cache.get('a')).toBeDefined();
  cache.set('huge', new Float32Array(100));
  expect(cache.get('huge')).toBeUndefined();
});
