/** Packed latents of FLUX: diffusers' view and permutation, positions, and both ways. */
import { describe, expect, test } from 'vitest';
import { imagePositions, packing, patchesOf } from '../../inference/pipelines/packed-latents.js';

describe.each([
  [1, 2, 2],
  [3, 4, 6],
  [16, 8, 2],
] as const)('of %d x %d x %d', (channels, height, width) => {
  const shape = [channels, height, width] as const;
  const latent = Float32Array.from({ length: channels * height * width }, (_, i) => i);
  const { pack, unpack } = packing(shape);

  test('are latents.view(C, h/2, 2, w/2, 2).permute(1, 3, 0, 2, 4)', () => {
    const packed = pack(latent);
    const per = 4 * channels;
    expect(packed).toHaveLength(patchesOf(shape) * per);
    packed.forEach((value, at) => {
      const [patch, inside] = [Math.floor(at / per), at % per];
      const [row, column] = [Math.floor(patch / (width / 2)), patch % (width / 2)];
      const [c, y, x] = [Math.floor(inside / 4), Math.floor((inside % 4) / 2), inside % 2];
      expect(value).toBe((c * height + 2 * row + y) * width + 2 * column + x);
    });
  });

  test('unpack to what was packed', () => {
    expect(unpack(pack(latent))).toEqual(latent);
    expect(pack(unpack(latent))).toEqual(latent);
  });

  test('have the row and column of each patch as its position', () => {
    const positions = imagePositions(shape);
    for (let patch = 0; patch < patchesOf(shape); patch += 1) {
      expect([...positions.slice(3 * patch, 3 * patch + 3)]).toEqual([
        0,
        Math.floor(patch / (width / 2)),
        patch % (width / 2),
      ]);
    }
  });
});
