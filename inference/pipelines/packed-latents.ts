/**
 * Latents as FLUX's transformer takes them: (C, h, w) in patches of 2 x 2, one row of 4 C values per patch (diffusers'
 * `_pack_latents`), with a position (0, row, column) per patch and (0, 0, 0) per token of the text.
 */
import type { LatentShape } from './latent-size.js';

const PATCH = 2;

/** Patches of a latent: its rows as the transformer takes them. */
export const patchesOf = ([, height, width]: LatentShape): number => (height / PATCH) * (width / PATCH);

/** For each value of a packed latent, its place in (C, h, w). */
function placesOf([channels, height, width]: LatentShape): Int32Array {
  const places = new Int32Array(channels * height * width);
  let at = 0;
  for (let row = 0; row < height; row += PATCH) {
    for (let column = 0; column < width; column += PATCH) {
      for (let channel = 0; channel < channels; channel += 1) {
        for (let y = row; y < row + PATCH; y += 1) {
          for (let x = column; x < column + PATCH; x += 1) places[at++] = (channel * height + y) * width + x;
        }
      }
    }
  }
  return places;
}

/** Both ways. @param shape even height and width */
export function packing(shape: LatentShape): {
  pack(latent: Float32Array): Float32Array;
  unpack(packed: Float32Array): Float32Array;
} {
  const places = placesOf(shape);
  return {
    pack(latent) {
      const packed = new Float32Array(places.length);
      for (let at = 0; at < places.length; at += 1) packed[at] = latent[places[at]!]!;
      return packed;
    },
    unpack(packed) {
      const latent = new Float32Array(places.length);
      for (let at = 0; at < places.length; at += 1) latent[places[at]!] = packed[at]!;
      return latent;
    },
  };
}

/** (patches, 3): 0, row and column of each patch. */
export function imagePositions([, height, width]: LatentShape): Float32Array {
  const columns = width / PATCH;
  const positions = new Float32Array(3 * (height / PATCH) * columns);
  for (let patch = 0; patch < positions.length / 3; patch += 1) {
    positions.set([0, Math.floor(patch / columns), patch % columns], 3 * patch);
  }
  return positions;
}
