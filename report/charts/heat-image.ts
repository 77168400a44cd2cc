/**
 * A heat map as an image with one pixel per value: hundreds of bytes where rectangles would take tens of thousands.
 */
import { encode } from 'fast-png';
import * as Plot from '@observablehq/plot';

type Values = readonly (readonly (number | null)[])[];

/**
 * Colours of viridis: uniform to the eye, and told apart without seeing red or green.
 *
 * @param values `values[j][i]` at the j-th row from below and the i-th column; null is transparent
 * @param domain scores of the darkest and of the brightest colour
 * @returns a PNG in a data URI
 */
export function heatImage(values: Values, domain: readonly [number, number]): string {
  const [height, width] = [values.length, values[0]?.length ?? 0];
  const colours = Plot.scale({ color: { type: 'linear', scheme: 'viridis', domain: [...domain] } });
  const data = new Uint8Array(4 * width * height);
  values.forEach((row, j) =>
    row.forEach((value, i) => {
      if (value === null) return;
      const colour = Number.parseInt(String(colours.apply(value)).slice(1), 16);
      data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], 4 * ((height - 1 - j) * width + i));
    }),
  );
  const png = encode({ width, height, data, channels: 4, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/** Whether values have the same distance from each other, as the pixels of an image have. */
export const evenlySpaced = (values: readonly number[]): boolean => {
  const step = (values.at(-1)! - values[0]!) / Math.max(1, values.length - 1);
  return values.every((value, i) => Math.abs(value - values[0]! - i * step) <= 0.01 * Math.abs(step));
};
