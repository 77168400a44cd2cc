/**
 * Pairwise scores against the pinned libraries that they follow (tools/golden/pairwise.py): torchmetrics, lpips, transformers.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PairScoreName } from '../../contract/names.js';
import { COMPARISONS } from '../../inference/scorers/compare-images.js';
import { openScorerFolder, scorerKind } from '../../inference/scorers/scorer-folder.js';
import type { Scorer } from '../../inference/scorers/scorer.js';
import { boundedPsnr, psnr } from '../../metrics/pairwise/psnr.js';
import { ssim } from '../../metrics/pairwise/ssim.js';
import { changedImage, formulaImage } from '../unit/formula-image.js';
import dinov2 from '../golden/pairwise/dinov2/expected.json' with { type: 'json' };
import lpips from '../golden/pairwise/lpips/expected.json' with { type: 'json' };
import lpipsWeights from '../golden/pairwise/lpips/weights.json' with { type: 'json' };
import golden from '../golden/pairwise/pixels.json' with { type: 'json' };

const GOLDEN = join(import.meta.dirname, '..', 'golden', 'pairwise');

const withImages = <T extends { width: number; height: number; seed: number; by: number }>(one: T) => {
  const reference = formulaImage(one.width, one.height, one.seed);
  return { ...one, images: [reference, changedImage(reference, one.by)] as const };
};
const pairs = golden.cases.map(withImages);

test('the images are those of the golden script', () => {
  expect(pairs.map(({ images }) => images.map(({ data }) => data.reduce((sum, value) => sum + value, 0)))).toEqual(
    golden.cases.map(({ checksums }) => checksums),
  );
});

test.each(pairs)('$width x $height, changed by up to $by: PSNR and SSIM', ({ images, ...expected }) => {
  // torchmetrics takes the logarithms of range and base in float32.
  if (expected.psnr === null) expect(psnr(...images)).toBe(Infinity);
  else expect(Math.abs(psnr(...images) - expected.psnr)).toBeLessThan(1e-5);
  expect(Math.abs(boundedPsnr(...images) - (expected.psnr ?? 100))).toBeLessThan(1e-5);
  expect(Math.abs(ssim(...images) - expected.ssim)).toBeLessThan(1e-9);
  // The same call in float32 is within the gate.
  expect(Math.abs(ssim(...images) - expected.ssim32)).toBeLessThan(1e-5);
});

/** The numbers of `weights` in tools/golden/pairwise.py. */
function hashed({ first, count, scale }: { first: number; count: number; scale: number }): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    let h = Math.imul(first + i, 0x9e3779b1) >>> 0;
    h = Math.imul(h ^ (h >>> 15), 0x85ebca77) >>> 0;
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d) >>> 0;
    h = (h ^ (h >>> 16)) >>> 0;
    return (h / 2 ** 32 - 0.5) * scale;
  });
}

describe('with networks', () => {
  let root: string;
  const opened: Scorer[] = [];
  const open = async (name: string): Promise<Scorer> => {
    const folder = openScorerFolder(name, { scorers: {} }, [root]);
    const scorer = await scorerKind(folder).open(folder, { batch: 2, threads: 1 });
    opened.push(scorer);
    return scorer;
  };
  /** Scores of pairs of images, all in one call. */
  async function compared(score: PairScoreName, name: string, cases: readonly ReturnType<typeof withImages>[]) {
    const scorer = await open(name);
    const [reference, candidate] = [0, 1].map((side) => cases.map(({ images }) => images[side]!));
    return COMPARISONS[score](
      { reference: reference!, candidate: candidate! },
      () => Promise.resolve(scorer),
      undefined,
    );
  }

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'qsched-pairwise-'));
    cpSync(GOLDEN, root, { recursive: true });
    cpSync(join(GOLDEN, '..', 'scorers', 'clip-score'), join(root, 'clip-score'), { recursive: true });
    const weights = lpipsWeights.map((one) => Buffer.from(hashed(one).buffer));
    writeFileSync(join(root, 'lpips', 'model.onnx_data'), Buffer.concat(weights));
  });
  afterAll(async () => {
    await Promise.all(opened.map((scorer) => scorer.release()));
    rmSync(root, { recursive: true, force: true });
  });

  test('LPIPS of AlexNet with the published heads, and weights by a formula', async () => {
    const values = await compared('lpips', 'lpips', lpips.cases.map(withImages));
    lpips.cases.forEach((one, i) => {
      expect(Math.abs(values[i]! - one.lpips)).toBeLessThan(1e-6);
    });
    expect(Math.max(...values)).toBeGreaterThan(0.05);
  });

  test('LPIPS refuses images that leave a layer empty', async () => {
    const small = withImages({ width: 30, height: 64, seed: 1, by: 1 });
    await expect(compared('lpips', 'lpips', [small])).rejects.toThrow(
      'needs sides of at least 31 pixels, not 30 x 64.',
    );
  });

  test('cosines of DINOv2, and its features', async () => {
    const cases = dinov2.cases.map(withImages);
    const values = await compared('dinov2', 'dinov2', cases);
    dinov2.cases.forEach(({ cosine }, i) => {
      expect(Math.abs(values[i]! - cosine)).toBeLessThan(1e-5);
    });
    const [first] = await opened.at(-1)!.features!([cases[0]!.images[0]]);
    const worst = Array.from(first!, (x, i) => Math.abs(x - dinov2.cases[0]!.features[i]!));
    expect(Math.max(...worst)).toBeLessThan(1e-5);
  });

  test('cosines of a CLIP are those of its image embeddings, and 1 for equal images', async () => {
    const same = withImages({ width: 40, height: 40, seed: 2, by: 0 });
    const other = withImages({ width: 40, height: 40, seed: 2, by: 90 });
    const [one, less] = await compared('clip-image', 'clip-score', [same, other]);
    expect(one).toBeCloseTo(1, 6);
    expect(less).toBeLessThan(0.9999);
    const [a, b] = await opened.at(-1)!.features!(other.images);
    expect(less).toBeCloseTo(
      a!.reduce((sum, x, i) => sum + x * b![i]!, 0),
      6,
    );
  });

  test('a scorer that has nothing to compare by is refused', async () => {
    await expect(compared('lpips', 'dinov2', pairs.slice(0, 1))).rejects.toThrow(
      'The scorer "dinov2" compares no images.',
    );
  });
});
