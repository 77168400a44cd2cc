/** Distances between sets of features against scipy, numpy and torchmetrics, from golden vectors. */
import { describe, expect, test } from 'vitest';
import { cmmd } from '../../metrics/distances/cmmd.js';
import type { Features } from '../../metrics/distances/features.js';
import { frechetDistance } from '../../metrics/distances/frechet.js';
import { kid } from '../../metrics/distances/kid.js';
import golden from '../golden/metrics/distances.json' with { type: 'json' };

function features(text: string, dimension: number): Features {
  const data = new Float64Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);
  return { rows: data.length / dimension, dimension, data };
}

const first = ({ dimension, data }: Features, rows: number): Features => ({
  rows,
  dimension,
  data: data.slice(0, rows * dimension),
});

const relative = (a: number, b: number) => Math.abs(a - b) / Math.abs(b);

describe.each(golden.cases)('$name', (one) => {
  const x = features(one.x, one.dimension);
  const y = features(one.y, one.dimension);

  test('Frechet distance', () => {
    const gate = one.name === 'full rank' ? 1e-6 : 1e-4;
    expect(relative(frechetDistance(x, y), one.frechet)).toBeLessThan(gate);
    expect(relative(frechetDistance(x, y), one.torchmetrics)).toBeLessThan(gate);
    if (one.scipySqrtm !== null) expect(relative(frechetDistance(x, y), one.scipySqrtm)).toBeLessThan(gate);
    expect(relative(frechetDistance(y, x), one.frechet)).toBeLessThan(gate);
  });

  test('Frechet distance of a set to itself, and to itself moved', () => {
    expect(Math.abs(frechetDistance(x, x))).toBeLessThan(1e-10);
    const moved = { ...x, data: x.data.map((value) => value + 0.5) };
    expect(relative(frechetDistance(x, moved), 0.25 * x.dimension)).toBeLessThan(1e-10);
  });

  test('KID and CMMD', () => {
    expect(relative(kid(first(x, one.kidRows), first(y, one.kidRows)), one.kid)).toBeLessThan(1e-6);
    expect(relative(cmmd(x, y), one.cmmd)).toBeLessThan(1e-6);
    expect(Math.abs(cmmd(x, x))).toBeLessThan(1e-12);
  });
});

test('sets that cannot be compared are refused', () => {
  const x = features(golden.cases[0]!.x, golden.cases[0]!.dimension);
  for (const distance of [frechetDistance, kid, cmmd]) {
    expect(() => distance(x, first(x, 1))).toThrow('at least two images');
    expect(() => distance(x, features(golden.cases[1]!.x, golden.cases[1]!.dimension))).toThrow('one encoder');
    expect(() => distance(x, { ...x, rows: 3 })).toThrow('need 36 values');
    expect(() => distance(x, { ...x, data: x.data.with(13, Number.NaN) })).toThrow('Feature 1 of image 1 is NaN');
  }
});
