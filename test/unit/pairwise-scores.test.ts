/** Pairwise scores of images and feature maps: what holds for any of them, and what is refused. */
import { describe, expect, test } from 'vitest';
import { PAIR_SCORE_NAMES } from '../../contract/names.js';
import { PairScoreChoice, pairScoreParts, pairScorersAsked } from '../../contract/pair-score.js';
import { lpips, lpipsInput } from '../../metrics/pairwise/lpips.js';
import { PAIR_SCORE_TABLE, pairScoreIdentity } from '../../metrics/pairwise/pair-score-table.js';
import { boundedPsnr, psnr } from '../../metrics/pairwise/psnr.js';
import { ssim } from '../../metrics/pairwise/ssim.js';
import { changedImage, formulaImage } from './formula-image.js';

const image = formulaImage(40, 24, 3);

describe('PSNR and SSIM', () => {
  test('equal images: no finite PSNR, 100 dB as a score, SSIM 1', () => {
    expect(psnr(image, image)).toBe(Infinity);
    expect(boundedPsnr(image, image)).toBe(PAIR_SCORE_TABLE.psnr.equal);
    expect(ssim(image, image)).toBeCloseTo(PAIR_SCORE_TABLE.ssim.equal, 12);
  });

  test.each([1, 5, 40])('are symmetric, and fall the more an image is changed (by up to %i)', (by) => {
    const other = changedImage(image, by);
    const further = changedImage(image, 4 * by);
    for (const score of [psnr, ssim]) {
      expect(score(image, other)).toBeCloseTo(score(other, image), 12);
      expect(score(image, further)).toBeLessThan(score(image, other));
    }
  });

  test('black beside white: PSNR 0 dB, SSIM near 0', () => {
    const plain = (value: number) => ({ width: 8, height: 8, data: new Uint8Array(192).fill(value) });
    expect(psnr(plain(0), plain(255))).toBe(0);
    expect(ssim(plain(0), plain(255))).toBeCloseTo(1e-4 / (1 + 1e-4), 12);
  });

  test('images of different sizes are refused in one sentence', () => {
    for (const score of [psnr, ssim]) {
      expect(() => score(image, formulaImage(24, 40, 3))).toThrow(
        'An image of 24 x 40 pixels cannot be compared with its reference of 40 x 24: both need one size.',
      );
    }
  });

  test('SSIM needs 6 pixels a side', () => {
    const small = formulaImage(5, 9, 1);
    expect(() => ssim(small, small)).toThrow('SSIM needs sides of at least 6 pixels, not 5 x 9.');
  });
});

describe('LPIPS', () => {
  const maps = [Float32Array.of(3, 0, 4, 1), Float32Array.of(0, 2)];
  const others = [Float32Array.of(0, 0, 1, 2), Float32Array.of(1, 0)];
  const heads = [Float64Array.of(0.5, 2), Float64Array.of(1, 3)];

  test('is the mean over positions of weighted squared differences of unit features', () => {
    // Layer 1, two positions: (3, 4) / 5 beside (0, 1), and (0, 1) beside (0, 2) / 2. Layer 2, one position: (0, 1) beside (1, 0).
    const expected = (0.5 * 0.6 ** 2 + 2 * 0.2 ** 2) / 2 + (1 + 3);
    expect(lpips(maps, others, heads)).toBeCloseTo(expected, 8);
  });

  test('is symmetric, 0 for equal features, and blind to their length', () => {
    expect(lpips(others, maps, heads)).toBeCloseTo(lpips(maps, others, heads), 12);
    expect(lpips(maps, maps, heads)).toBe(0);
    const longer = maps.map((map) => map.map((value) => 7 * value));
    expect(lpips(longer, others, heads)).toBeCloseTo(lpips(maps, others, heads), 8);
  });

  test('features without length count as 0', () => {
    expect(lpips([new Float32Array(2)], [Float32Array.of(1, 0)], [Float64Array.of(1, 1)])).toBeCloseTo(1, 8);
  });

  test('maps that do not fit a head are refused', () => {
    const refused = () => lpips([new Float32Array(3)], [new Float32Array(3)], [Float64Array.of(1, 1)]);
    expect(refused).toThrow('A layer has 3 and 3 features, which do not fit a head of 2 channels.');
  });

  test('the input is -1 to 1, channel after channel', () => {
    const input = lpipsInput({ width: 2, height: 1, data: Uint8Array.of(0, 255, 51, 255, 0, 204) });
    expect(Array.from(input, (value) => Math.round(value * 1e6) / 1e6)).toEqual([-1, 1, 1, -1, -0.6, 0.6]);
  });
});

describe('names', () => {
  test.each([
    ['psnr', { score: 'psnr', scorer: null }],
    ['lpips', { score: 'lpips', scorer: 'lpips' }],
    ['lpips@vgg', { score: 'lpips', scorer: 'vgg' }],
    ['clip-image', { score: 'clip-image', scorer: 'objective' }],
    ['clip-image@clip.large', { score: 'clip-image', scorer: 'clip.large' }],
  ])('%s', (name, parts) => {
    expect(PairScoreChoice.parse(name)).toBe(name);
    expect(pairScoreParts(name)).toEqual(parts);
  });

  test.each(['psnr@clip', 'lpips@', 'lpips@a/b', 'mse', ''])('"%s" is none', (name) => {
    const { error } = PairScoreChoice.safeParse(name);
    expect(error?.issues[0]?.message).toContain('psnr, ssim, lpips, dinov2, clip-image');
  });

  test('scorers are asked for once', () => {
    expect(pairScorersAsked(['psnr', 'lpips', 'lpips@lpips', 'clip-image', 'dinov2'])).toEqual([
      'lpips',
      'objective',
      'dinov2',
    ]);
  });

  test('each score has an identity of its own, which its scorer changes', () => {
    const identities = PAIR_SCORE_NAMES.map((score) => JSON.stringify(pairScoreIdentity(score, { name: 'one' })));
    expect(new Set(identities).size).toBe(PAIR_SCORE_NAMES.length);
    expect(pairScoreIdentity('lpips', { name: 'one' })).not.toEqual(pairScoreIdentity('lpips', { name: 'two' }));
  });
});
