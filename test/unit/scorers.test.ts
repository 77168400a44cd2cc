/** Scorer folders that are absent or wrong, and the pure parts behind the kinds. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { countTagged, nounsOf } from '../../inference/prompts/nouns.js';
import { SCORER_KINDS } from '../../inference/scorers/kinds.js';
import { openScorerFolder, scorerFingerprint, scorerKind, usesNouns } from '../../inference/scorers/scorer-folder.js';
import { scorerNotes } from '../../inference/scorers/scorer-notes.js';
import { aqMap, ensembleEmbedding } from '../../metrics/scores/aq-map.js';
import { AQ_MAP_TEMPLATES } from '../../metrics/scores/aq-map-templates.js';
import { cropImage } from '../../metrics/images/crop.js';
import { maniqaCrops } from '../../metrics/scores/maniqa.js';
import { pickScore } from '../../metrics/scores/pickscore.js';
import { bytes } from './onnx-bytes.js';

const GOLDEN = join(import.meta.dirname, '..', 'golden', 'scorers');
const NAMES = [
  'clip-score',
  'clip-iqa',
  'hpsv2',
  'pickscore',
  'aq-map',
  'maniqa',
  'brisque',
  'inception',
  'cmmd',
  'lpips',
  'dinov2',
] as const;

/** Folders that are elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  lpips: join(packageRoot(), 'models', 'shapes-lpips'),
  dinov2: join(GOLDEN, '..', 'pairwise', 'dinov2'),
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'qsched-scorers-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const copy = (name: string): string => {
  cpSync(ELSEWHERE[name] ?? join(GOLDEN, name), join(root, name), { recursive: true });
  return join(root, name);
};
const open = (name: string) => openScorerFolder(name, { scorers: {} }, [root]);
const manifest = (name: string, value: unknown): void =>
  writeFileSync(join(root, name, 'scorer.json'), JSON.stringify(value));
/** The error of a call: its code, message and hint. */
const failure = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    return `${code} | ${message} | ${hint}`;
  }
  throw new Error('nothing was thrown');
};

describe.each(NAMES)('the score %s', (name) => {
  test('where it is absent, names every file and the command that makes it', () => {
    const { files, make } = SCORER_KINDS[name];
    const said = failure(() => open(name));
    expect(said).toMatch(/^usage \| /);
    for (const file of ['scorer.json', ...files]) expect(said).toContain(file);
    expect(said).toContain(make);
    expect(make).toContain(`export_scorer.py ${name} `);
  });

  test('opens, and hashes every file of its folder into the key', async () => {
    copy(name);
    const found = open(name);
    expect([...found.files].sort()).toEqual([...new Set(['scorer.json', ...SCORER_KINDS[name].files])].sort());
    const before = JSON.stringify(await scorerFingerprint(found));
    for (const file of found.files) {
      const path = join(root, name, file);
      const content = readFileSync(path);
      const more = file.endsWith('.onnx') ? bytes(6, 'another doc string') : Buffer.from('\n');
      writeFileSync(path, Buffer.concat([content, more]));
      expect(JSON.stringify(await scorerFingerprint(found)), file).not.toBe(before);
      writeFileSync(path, content);
    }
    expect(JSON.stringify(await scorerFingerprint(found))).toBe(before);
  });

  test('that lacks any one file names it', () => {
    const folder = copy(name);
    for (const file of SCORER_KINDS[name].files) {
      const content = readFileSync(join(folder, file));
      rmSync(join(folder, file));
      const said = failure(() => open(name));
      expect(said).toContain(`lacks ${file}`);
      expect(said).toContain(SCORER_KINDS[name].make);
      writeFileSync(join(folder, file), content);
    }
  });
});

test('only AQ-MAP reads nouns', () => {
  const reads = NAMES.filter((name) => {
    copy(name);
    return usesNouns(open(name));
  });
  expect(reads).toEqual(['aq-map']);
});

describe('a wrong setting is named', () => {
  test.each([
    [{}, 'heads.json is wrong at its top level'],
    [[{ output: 'relu1', weights: [] }], 'heads.json is wrong at 0.weights'],
    [[{ output: 'relu1', weights: [1, 'a'] }], 'heads.json is wrong at 0.weights.1'],
  ])('lpips with the heads %j', (heads, what) => {
    writeFileSync(join(copy('lpips'), 'heads.json'), JSON.stringify(heads));
    expect(failure(() => open('lpips'))).toContain(what);
  });

  test('lpips with a leastSide of 0', () => {
    copy('lpips');
    manifest('lpips', { kind: 'lpips', leastSide: 0 });
    expect(failure(() => open('lpips'))).toContain('scorer.json: leastSide is 0, not a whole number of pixels.');
  });

  test('dinov2 with a crop larger than the shortest side', () => {
    const folder = copy('dinov2');
    const config = JSON.parse(readFileSync(join(folder, 'preprocessor_config.json'), 'utf8')) as object;
    const smaller = { ...config, size: { shortest_edge: 20 } };
    writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(smaller));
    expect(failure(() => open('dinov2'))).toContain('size.shortest_edge is 20, and the crop 28.');
  });

  test.each([[undefined], ['2.1'], ['v3'], [2.1], ['']])('hpsv2 with version %j', (version) => {
    copy('hpsv2');
    manifest('hpsv2', { kind: 'hpsv2', ...(version === undefined ? {} : { version }) });
    const said = failure(() => open('hpsv2'));
    expect(said).toContain('scorer.json: version is');
    expect(said).toContain('v2.0 or v2.1');
  });

  test.each(['v2.0', 'v2.1'])('hpsv2 %s opens, and says which it is', (version) => {
    copy('hpsv2');
    manifest('hpsv2', { kind: 'hpsv2', version });
    const found = open('hpsv2');
    expect(scorerKind(found).label!(found.manifest)).toBe(`HPS${version}`);
  });

  test('the two versions of hpsv2 never share a key', async () => {
    copy('hpsv2');
    const keys = [];
    for (const version of ['v2.0', 'v2.1']) {
      manifest('hpsv2', { kind: 'hpsv2', version });
      keys.push(JSON.stringify(await scorerFingerprint(open('hpsv2'))));
    }
    expect(keys[0]).not.toBe(keys[1]);
  });

  test.each([[undefined], [null], ['4.6']])('pickscore with logit_scale %j', (scale) => {
    copy('pickscore');
    manifest('pickscore', { kind: 'pickscore', ...(scale === undefined ? {} : { logit_scale: scale }) });
    expect(failure(() => open('pickscore'))).toMatch(/logit_scale is .*not a finite number/);
  });

  test.each([
    [{}],
    [{ coefficients: [1], supportVectors: [] }],
    [{ coefficients: [1], supportVectors: [[1, 2]] }],
    [{ coefficients: [], supportVectors: [] }],
    [{ coefficients: ['1'], supportVectors: [Array(36).fill(0)] }],
    [{ coefficients: [1], supportVectors: [[...Array(35).fill(0), null]] }],
  ])('brisque with svr.json %j', (svr) => {
    const folder = copy('brisque');
    writeFileSync(join(folder, 'svr.json'), JSON.stringify(svr));
    expect(failure(() => open('brisque'))).toContain('"supportVectors" of 36 numbers each');
  });

  test('a preprocessor without mean, and without size', () => {
    const path = join(copy('cmmd'), 'preprocessor_config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...config, image_mean: [0.5] }));
    expect(failure(() => open('cmmd'))).toContain('image_mean');
    writeFileSync(path, JSON.stringify({ image_mean: config['image_mean'], image_std: config['image_std'] }));
    expect(failure(() => open('cmmd'))).toContain('names no size');
  });

  test('an unknown kind, and a broken scorer.json', () => {
    copy('maniqa');
    manifest('maniqa', { kind: 'maniqua' });
    expect(failure(() => open('maniqa'))).toContain('maniqa');
    writeFileSync(join(root, 'maniqa', 'scorer.json'), '{');
    expect(failure(() => open('maniqa'))).toContain('cannot be read');
  });
});

describe('nouns by the tagger', () => {
  test.each([
    ['a red circle on a white background', ['circle', 'background']],
    ['two men, a woman riding horses in Paris', ['men', 'woman', 'horses', 'Paris']],
    ["the dog's bone on New York street", ['bone', 'street']],
    ['a photo of it', ['photo', '']],
    ['his own black coat', ['coat']],
    ['running fast', []],
    ['', []],
    ['\u{1f600} !!! ...', []],
  ])('%j', async (text, nouns) => {
    expect(await nounsOf(text)).toEqual(nouns);
  });

  test('takes any text, and gives its own words', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 60 }), async (text) => {
        for (const noun of await nounsOf(text)) expect(text).toContain(noun);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test('is counted where a prompt has none of its own', () => {
    expect(countTagged([{ nouns: ['a'] }, { nouns: [] }, { nouns: null }, {}])).toBe(2);
  });
});

describe('notes on captions that are cut', () => {
  const scorer = openScorerFolder('objective', openModelFolder('shapes', 'w4a8'));
  const promptsOf = (count: number, text: (i: number) => string) => Array.from({ length: count }, (_, i) => text(i));
  const long = (i: number): string => `${'circle '.repeat(80)}${i}`;
  const cut = (prompts: ReturnType<typeof promptsOf>) =>
    scorerNotes([scorer], prompts).filter((note) => note.includes('are cut'));

  test('count them', () => {
    expect(cut(promptsOf(40, (i) => (i % 10 === 0 ? long(i) : `a circle ${i}`)))).toEqual([
      expect.stringMatching(/^The scorer "objective" reads \d+ tokens: 4 of 40 prompts are longer and are cut\.$/),
    ]);
    expect(cut(promptsOf(40, (i) => `a circle ${i}`))).toEqual([]);
  });

  test('look at the longest of very many prompts alone', () => {
    expect(cut(promptsOf(3000, (i) => (i === 2900 ? long(i) : `a circle ${i}`)))).toEqual([
      expect.stringContaining(': at least 1 of 3000 prompts are'),
    ]);
    expect(cut(promptsOf(2500, long))).toEqual([expect.stringContaining(': at least 2000 of 2500 prompts are')]);
  });
});

describe('AQ-MAP', () => {
  test('has 85 different templates with one place for the noun', () => {
    expect(new Set(AQ_MAP_TEMPLATES).size).toBe(85);
    for (const template of AQ_MAP_TEMPLATES) expect(template.split('{}')).toHaveLength(2);
    // Of the sorted list that CLIP Surgery publishes.
    expect(
      createHash('sha256')
        .update(JSON.stringify([...AQ_MAP_TEMPLATES].sort()))
        .digest('hex'),
    ).toBe('f54ab1efd1249bfce62267d5f997c9b9244543758220cb2d0bdae056f0834239');
  });

  test('is sigmoid(10 f . (t - t_empty)), averaged over nouns, whatever the length of f', () => {
    const [t, u, empty] = [
      [0.6, 0.8],
      [1, 0],
      [0, 1],
    ];
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    expect(aqMap([3, 4], [t, u], empty)).toBeCloseTo((sigmoid(10 * (0.36 - 0.16)) + sigmoid(10 * (0.6 - 0.8))) / 2, 12);
    expect(aqMap([3, 4], [], empty)).toBe(0.5);
    expect(aqMap([3, 4], [empty], empty)).toBe(0.5);
    expect(aqMap([NaN, 4], [t], empty)).toBeNaN();
    expect(aqMap([NaN, 4], [], empty)).toBeNaN();
    expect(aqMap([3, 4], [[NaN, 0]], empty)).toBeNaN();
    expect(aqMap([0, 0], [t], empty)).toBeNaN();
  });

  test('averages unit embeddings to a unit embedding', () => {
    expect(
      [
        ...ensembleEmbedding([
          [10, 0],
          [0, 0.1],
        ]),
      ].map((x) => x * Math.SQRT2),
    ).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12)]);
  });
});

test('PickScore scales the cosine', () => {
  expect(pickScore([1, 0], [3, 4], Math.log(100))).toBeCloseTo(60, 10);
  expect(pickScore([NaN, 0], [3, 4], 4)).toBeNaN();
});

describe('crops', () => {
  const image = (width: number, height: number) => ({
    width,
    height,
    data: new Uint8Array(3 * width * height).map((_, i) => i % 251),
  });

  test('of MANIQA are 20, inside the image, from edge to edge', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 420 }), fc.integer({ min: 30, max: 420 }), (width, height) => {
        const crops = maniqaCrops(image(width, height));
        expect(crops.reduce((sum, { weight }) => sum + weight, 0)).toBe(20);
        for (const { image: crop } of crops) {
          expect([crop.width, crop.height, crop.data.length]).toEqual([224, 224, 3 * 224 * 224]);
        }
      }),
      { seed: 2, numRuns: 15 },
    );
    expect(maniqaCrops(image(224, 224))).toHaveLength(1);
    expect(maniqaCrops(image(300, 240))).toHaveLength(20);
    expect(maniqaCrops(image(224, 448))).toHaveLength(5);
    const last = maniqaCrops(image(300, 240)).at(-1)!.image;
    expect(last.data).toEqual(cropImage(image(300, 240), 76, 16, 224, 224).data);
  });

  test.each([
    [-1, 0, 2, 2],
    [0, 0, 0, 2],
    [3, 0, 2, 2],
    [0, 3, 2, 2],
    [0.5, 0, 2, 2],
  ])('outside are refused: %d %d %d %d', (left, top, width, height) => {
    expect(() => cropImage(image(4, 4), left, top, width, height)).toThrow('does not lie inside');
  });
});
