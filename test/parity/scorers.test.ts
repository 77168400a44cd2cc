/**
 * Every kind of scorer with tiny random-weight networks against the libraries that it follows
 * (tools/golden/scorers.py): networks, preprocessing and scores end to end, at the gates.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadClipTokenizer } from '../../inference/models/clip-tokenizer.js';
import { ANTONYM_TERMS } from '../../inference/scorers/antonyms.js';
import { openImageTower, squareInput } from '../../inference/scorers/image-tower.js';
import { openScorerFolder, scorerKind } from '../../inference/scorers/scorer-folder.js';
import type { Scorer } from '../../inference/scorers/scorer.js';
import { openTextTower } from '../../inference/scorers/text-tower.js';
import { aqMapPreprocess } from '../../metrics/scores/aq-map.js';
import { CLIP_MEAN, CLIP_STD, clipPreprocess } from '../../metrics/images/clip-preprocess.js';
import { cosineSimilarity, meanClipScore } from '../../metrics/scores/clip-score.js';
import { cmmdPreprocess } from '../../metrics/images/cmmd-preprocess.js';
import { hpsv2Preprocess } from '../../metrics/scores/hpsv2.js';
import type { RgbImage } from '../../metrics/images/image.js';
import { inceptionPreprocess } from '../../metrics/images/inception-preprocess.js';
import { maniqaCrops, maniqaPreprocess } from '../../metrics/scores/maniqa.js';
import golden from '../golden/scorers/expected.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '..', 'golden', 'scorers');
const OPTIONS = { batch: 20, threads: 1 };
const SIZE = 32;

/** The images of tools/golden/scorers.py. */
function image([width, height, seed]: readonly number[]): RgbImage {
  const data = new Uint8Array(width! * height! * 3);
  for (let y = 0, at = 0; y < height!; y++) {
    for (let x = 0; x < width!; x++) {
      for (let c = 0; c < 3; c++, at++) {
        const block = (Math.floor(x / (5 + seed!)) * 53 + Math.floor(y / (4 + seed!)) * 31 + c * 47 + seed! * 17) % 200;
        data[at] = block + (((x * (3 + seed!)) ^ (y * (5 + c))) % 56);
      }
    }
  }
  return { width: width!, height: height!, data };
}

const images = (group: keyof typeof golden.sizes): RgbImage[] => golden.sizes[group].map(image);
const small = images('small');
const captioned = small.map((image, i) => ({ image, text: golden.texts[i]!, nouns: golden.nouns[i]! }));

const opened: Scorer[] = [];
async function open(name: string, batch = 20): Promise<Scorer> {
  const folder = openScorerFolder(name, { scorers: {} }, [ROOT]);
  const scorer = await scorerKind(folder).open(folder, { ...OPTIONS, batch });
  opened.push(scorer);
  return scorer;
}
afterAll(async () => {
  await Promise.all(opened.map((scorer) => scorer.release()));
});

const worst = (got: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(got.length).toBe(expected.length);
  return Array.from(got).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
};
const column = (rows: readonly Float64Array[]): number[] => rows.map((row) => row[0]!);
const floats = (text: string) => new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);

/** Largest difference of a tensor from the stored part of the reference's. */
function tensorError(
  got: Float32Array,
  { length, every, data }: { length: number; every: number; data: string },
): number {
  expect(got.length).toBe(length);
  return worst(
    floats(data),
    got.filter((_, i) => i % every === 0),
  );
}

test('the images are those of the golden script', () => {
  const sums = Object.values(golden.sizes)
    .flat()
    .map((size) => image(size).data.reduce((sum, value) => sum + value, 0));
  expect(sums).toEqual(golden.checksums);
});

describe('networks in ONNX Runtime against torch', () => {
  /** Largest difference, and smallest cosine, of all rows. */
  const compared = (got: readonly Float32Array[], expected: readonly (readonly number[])[]) => ({
    rows: got.length,
    error: Math.max(...got.map((row, i) => worst(row, expected[i]!))),
    cosine: Math.min(...got.map((row, i) => cosineSimilarity(row, expected[i]!))),
  });
  const gate = (rows: number) => ({
    rows,
    error: expect.toSatisfy((error: number) => error < 1e-4) as number,
    cosine: expect.toSatisfy((cosine: number) => cosine >= 1 - 1e-6) as number,
  });

  test.each([
    ['clip-score', golden.clip_score],
    ['clip-iqa', golden.clip_iqa],
    ['hpsv2', golden.hpsv2],
    ['pickscore', golden.pickscore],
  ] as const)('%s: text', async (name, { texts }) => {
    const tower = await openTextTower(join(ROOT, name), OPTIONS);
    expect(compared(await tower.embed(golden.texts), texts)).toEqual(gate(texts.length));
    await tower.release();
  });

  const clipInput = squareInput(SIZE, (image) =>
    clipPreprocess(image, { size: SIZE, mean: CLIP_MEAN, std: CLIP_STD, resize: true }),
  );
  const anySize = {
    shape: ({ width, height }: RgbImage) => [3, height, width] as const,
    prepare: (image: RgbImage) => clipPreprocess(image, { size: 0, mean: CLIP_MEAN, std: CLIP_STD, resize: false }),
  };
  test.each([
    ['clip-score', golden.clip_score, clipInput, small],
    ['clip-iqa', golden.clip_iqa, anySize, images('iqa')],
    ['hpsv2', golden.hpsv2, squareInput(SIZE, (image) => hpsv2Preprocess(image, SIZE, CLIP_MEAN, CLIP_STD)), small],
    ['pickscore', golden.pickscore, clipInput, small],
  ] as const)('%s: images', async (name, { images }, input, inputs) => {
    const tower = await openImageTower(join(ROOT, name, 'vision_model.onnx'), OPTIONS, input);
    expect(compared(await tower.embed(inputs), images)).toEqual(gate(images.length));
    await tower.release();
  });
});

describe('preprocessing', () => {
  test.each([
    // A float resize may differ by 2e-3 on 0-255: 3e-5 after /255 and the division by the smallest deviation.
    ['HPSv2, floats before the resize', golden.hpsv2.tensors, hpsv2Preprocess, 3e-5],
    ['AQ-MAP, squashed', golden.aq_map.tensors, aqMapPreprocess, 1e-6],
    ['CMMD, largest centred square', golden.cmmd.tensors, cmmdPreprocess, 1e-6],
  ] as const)('%s', (_, tensors, prepare, limit) => {
    small.forEach((image, i) =>
      expect(tensorError(prepare(image, SIZE, CLIP_MEAN, CLIP_STD), tensors[i]!)).toBeLessThan(limit),
    );
  });

  test("clean-fid's resize", () => {
    images('inception').forEach((image, i) =>
      expect(128 * tensorError(inceptionPreprocess(image), golden.inception.tensors[i]!)).toBeLessThan(2e-3),
    );
  });

  test("MANIQA's last crop", () => {
    images('maniqa').forEach((image, i) =>
      expect(tensorError(maniqaPreprocess(maniqaCrops(image).at(-1)!.image), golden.maniqa.tensors[i]!)).toBeLessThan(
        1e-6,
      ),
    );
  });
});

describe('end to end', () => {
  test('CLIPScore against torchmetrics, on 0-100', async () => {
    const scorer = await open('clip-score');
    const cosines = column(await scorer.score(captioned));
    expect(
      worst(
        cosines.map((cosine) => 100 * cosine),
        golden.clip_score.cosines.map((cosine) => 100 * cosine),
      ),
    ).toBeLessThan(1e-3);
    expect(Math.abs(meanClipScore(cosines) - golden.clip_score.mean)).toBeLessThan(1e-3);
    expect(golden.clip_score.mean).toBeGreaterThan(1);
    expect(
      worst(
        cosines.map((cosine) => Math.max(100 * cosine, 0)),
        golden.clip_score.clipScores,
      ),
    ).toBeLessThan(1e-3);
  });

  test('CLIP-IQA against torchmetrics, all pairs, images of several sizes', async () => {
    const scorer = await open('clip-iqa');
    expect(scorer.names).toEqual(golden.clip_iqa.pairs.map((pair) => `clip-iqa.${pair}`));
    expect(ANTONYM_TERMS).toEqual(scorer.names);
    const rows = await scorer.score(images('iqa').map((image) => ({ image, text: '' })));
    rows.forEach((row, i) => expect(worst(row, golden.clip_iqa.rows[i]!)).toBeLessThan(1e-4));
    expect(golden.clip_iqa.rows[0]!.filter((p) => p > 0.01 && p < 0.99).length).toBeGreaterThan(3);
  });

  test.each([
    ['hpsv2', golden.hpsv2.scores, 1e-4],
    ['pickscore', golden.pickscore.scores, 1e-2],
    ['aq-map', golden.aq_map.scores, 1e-4],
  ] as const)('%s', async (name, scores, gate) => {
    expect(worst(column(await (await open(name)).score(captioned)), scores)).toBeLessThan(gate);
  });

  test('MANIQA, crops, and an image that is enlarged first', async () => {
    expect(
      worst(
        column(await (await open('maniqa')).score(images('maniqa').map((image) => ({ image, text: '' })))),
        golden.maniqa.scores,
      ),
    ).toBeLessThan(1e-4);
  });

  test('BRISQUE against piq', async () => {
    const scores = column(await (await open('brisque')).score(images('brisque').map((image) => ({ image, text: '' }))));
    scores.forEach((score, i) => expect(Math.abs(score / golden.brisque.scores[i]! - 1)).toBeLessThan(1e-4));
  });

  test.each([
    ['inception', golden.inception.features, images('inception')],
    ['cmmd', golden.cmmd.features, small],
  ] as const)('%s has features and no terms', async (name, features, images) => {
    const scorer = await open(name);
    expect(scorer.names).toEqual([]);
    const rows = await scorer.features!(images);
    rows.forEach((row, i) => expect(worst(row, features[i]!)).toBeLessThan(1e-4));
    expect(rows).toHaveLength(images.length);
    expect((await scorer.score(captioned)).map((row) => row.length)).toEqual(captioned.map(() => 0));
  });
});

test('a caption over 77 tokens keeps EOS, so that its beginning still decides', async () => {
  const long = golden.texts[2]!;
  const tokenizer = loadClipTokenizer(join(ROOT, 'pickscore'));
  expect(tokenizer.truncated(golden.texts)).toBe(1);
  expect(Number(tokenizer.encode([long]).at(-1))).toBe(Number(tokenizer.encode(['']).at(1)));
  const rows = await (
    await open('pickscore')
  ).score([long, `green ${long}`].map((text) => ({ image: small[0]!, text })));
  expect(Math.abs(rows[0]![0]! - rows[1]![0]!)).toBeGreaterThan(1e-3);
});

describe('a row depends on its own image alone', () => {
  const groups: Readonly<Record<string, readonly RgbImage[]>> = {
    'clip-iqa': images('iqa'),
    maniqa: images('maniqa').slice(0, 2),
    brisque: images('brisque'),
  };

  test.each(['clip-score', 'clip-iqa', 'hpsv2', 'pickscore', 'aq-map', 'maniqa', 'brisque'])(
    '%s: one image, and 21 of them, give equal bits',
    async (name) => {
      const scorer = await open(name);
      const inputs = (groups[name] ?? small).map((image, i) => ({ ...captioned[i]!, image }));
      const many = Array.from({ length: 21 }, (_, i) => inputs[i % inputs.length]!);
      const together = await scorer.score(many);
      for (const [i, one] of inputs.entries()) {
        const [alone] = await scorer.score([one]);
        expect(together[i]).toEqual(alone);
        expect(together.filter((_, at) => at % inputs.length === i)).toEqual(
          together.filter((_, at) => at % inputs.length === i).map(() => alone),
        );
      }
    },
  );

  test.each(['clip-score', 'clip-iqa', 'hpsv2', 'pickscore', 'aq-map'])(
    '%s: a batch of 1 and one of 20 agree to the gate of the networks',
    async (name) => {
      const inputs = (groups[name] ?? small).map((image, i) => ({ ...captioned[i]!, image }));
      const [one, twenty] = [await (await open(name, 1)).score(inputs), await (await open(name)).score(inputs)];
      one.forEach((row, i) => expect(worst(row, twenty[i]!)).toBeLessThan(name === 'pickscore' ? 1e-2 : 1e-4));
    },
  );

  const withBad = async (name: string, good: RgbImage, other: RgbImage, bad: RgbImage) => {
    const scorer = await open(name);
    const score = (images: readonly RgbImage[]) =>
      scorer.score(images.map((image) => ({ image, text: 'a red circle', nouns: ['circle'] })));
    const rows = await score([good, bad, other]);
    const alone = await score([good, other]);
    return {
      bad: rows[1]!.every(Number.isNaN),
      others: isDeepStrictEqual([rows[0], rows[2]], alone),
      finite: alone.every((row) => row.every(Number.isFinite)),
    };
  };
  const ITS_OWN = { bad: true, others: true, finite: true };

  test.each([
    ['clip-score', SIZE],
    ['clip-iqa', 64],
    ['hpsv2', SIZE],
    ['pickscore', SIZE],
    ['aq-map', SIZE],
  ] as const)('%s: a NaN fails its own image', async (name, side) => {
    const good = image([side, side, 1]);
    const data = new Float32Array(good.data);
    data[3 * side * 5 + 7] = NaN;
    // A decoder never gives this; at the network's own size no resize to bytes takes it away.
    expect(await withBad(name, good, image([side, side, 2]), { ...good, data: data as unknown as Uint8Array })).toEqual(
      ITS_OWN,
    );
  });

  test('maniqa: 0 / 0 in the network fails its own image', async () => {
    // The tiny network gives no patch of a white image any weight.
    expect(
      await withBad('maniqa', image([224, 224, 1]), image([300, 240, 2]), {
        width: 224,
        height: 224,
        data: new Uint8Array(224 * 224 * 3).fill(255),
      }),
    ).toEqual(ITS_OWN);
  });
});

describe('nouns', () => {
  let scorer: Scorer;
  beforeAll(async () => {
    scorer = await open('aq-map');
  });

  test('a prompt without nouns scores 0.5, and so does a part that is empty', async () => {
    const rows = await scorer.score([[], ['']].map((nouns) => ({ image: small[0]!, text: 'x', nouns })));
    expect(column(rows)).toEqual([0.5, 0.5]);
  });

  test('nouns that no prompt set names come from the tagger', async () => {
    const text = 'a red circle on a white background';
    const [tagged, given] = await scorer.score([
      { image: small[0]!, text, nouns: null },
      { image: small[0]!, text, nouns: ['circle', 'background'] },
    ]);
    expect(tagged).toEqual(given);
  });
});

test.each(['aq-map', 'brisque', 'clip-iqa', 'clip-score', 'cmmd', 'hpsv2', 'inception', 'maniqa', 'pickscore'])(
  '%s has features exactly where its kind says so',
  async (name) => {
    const { features } = await open(name);
    expect(features !== undefined).toBe(
      scorerKind(openScorerFolder(name, { scorers: {} }, [ROOT])).hasFeatures === true,
    );
  },
);
