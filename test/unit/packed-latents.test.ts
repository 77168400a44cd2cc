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
  const packed = packing(shape);

  test('are latents.view(C, h/2, 2, w/2, 2).permute(1, 3, 0, 2, 4)', () => {
    const row = packed.pack(latent);
    const per = 4 * channels;
    expect(row).toHaveLength(patchesOf(shape) * per);
    row.forEach((value, at) => {
      const [patch, inside] = [Math.floor(at / per), at % per];
      const [down, across] = [Math.floor(patch / (width / 2)), patch % (width / 2)];
      const [c, y, x] = [Math.floor(inside / 4), Math.floor((inside % 4) / 2), inside % 2];
      expect(value).toBe((c * height + 2 * down + y) * width + 2 * across + x);
    });
  });

  test('unpack to what was packed', () => {
    expect(packed.unpack(packed.pack(latent))).toEqual(latent);
    expect(packed.pack(packed.unpack(latent))).toEqual(latent);
  });

  test('have the row and column of each patch as its position', () => {
    const positions = imagePositions(shape);
    for (let patch = 0; patch < patchesOf(shape); patch += 1) {
      const expected = [0, Math.floor(patch / (width / 2)), patch % (width / 2)];
      expect(positions.slice(3 * patch, 3 * patch + 3)).toEqual(Float32Array.from(expected));
    }
  });
});
