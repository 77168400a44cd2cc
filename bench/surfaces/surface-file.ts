/**
 * Files of measured surfaces: the raw terms of many coefficients on the same (prompt, seed) pairs, so that an optimizer
 * can be run on a real model's surface without generating an image.
 *
 * bench/data/<model>-<precision>-<scheduler>-<steps>.json; `npx tsx bench/measure-surfaces.ts` writes them. Point 0 is the
 * baseline; then come the corners of the box, and Sobol's points in it. Numbers are little-endian bytes in base64: points
 * float64, terms float32. Terms of a split: points x pairs, a pair is a prompt with a seed, prompt by prompt.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeFloats, encodeFloats } from '../../contract/float-text.js';
import type { Stage } from '../../contract/payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';

/** What was measured. */
export type MeasuredSetting = Pick<SearchSpec, 'model' | 'precision' | 'scheduler' | 'coefficients'>;

/** Raw terms of one split. */
export interface MeasuredTerms {
  readonly set: string;
  /** Number of prompts. */
  readonly count: number;
  readonly seeds: readonly number[];
  /** points x pairs: cosine of image and prompt. */
  readonly cosine: Float32Array;
  /** points x pairs: CLIP-IQA `quality`. */
  readonly quality: Float32Array;
}

export interface MeasuredSurface extends MeasuredSetting {
  /** Point 0 is the baseline. */
  readonly points: readonly (readonly number[])[];
  readonly splits: { readonly [S in Stage]?: MeasuredTerms };
}

const FOLDER = new URL('../data/', import.meta.url);
const COMMAND = 'npx tsx bench/measure-surfaces.ts';

/** The file of a surface. */
export const fileOf = ({ model, precision, scheduler }: Omit<MeasuredSetting, 'coefficients'>): URL =>
  new URL(`${nameOf({ model, precision, scheduler })}.json`, FOLDER);

/** For example `shapes-w4a8-tcd-4`. */
export const nameOf = ({ model, precision, scheduler }: Omit<MeasuredSetting, 'coefficients'>): string =>
  `${model}-${precision}-${scheduler.type}-${scheduler.steps}`;

/** @param name as `nameOf` gives it */
export function readSurface(name: string): MeasuredSurface {
  const { points, dimension, splits, ...about } = JSON.parse(
    readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'),
  ) as Stored;
  const values = decodeFloats(points);
  return {
    ...about,
    points: Array.from({ length: values.length / dimension }, (_, i) => [
      ...values.subarray(i * dimension, (i + 1) * dimension),
    ]),
    splits: Object.fromEntries(
      Object.entries(splits).map(([stage, { cosine, quality, ...rest }]) => [
        stage,
        { ...rest, cosine: unpack(cosine), quality: unpack(quality) },
      ]),
    ),
  };
}

export function writeSurface({ points, splits, ...about }: MeasuredSurface): void {
  const stored: Stored & { readonly madeBy: string } = {
    madeBy: `${COMMAND} ${nameOf(about)}`,
    ...about,
    dimension: points[0]!.length,
    points: encodeFloats(Float64Array.from(points.flat())),
    splits: Object.fromEntries(
      Object.entries(splits).map(([stage, { cosine, quality, ...rest }]) => [
        stage,
        { ...rest, cosine: pack(cosine), quality: pack(quality) },
      ]),
    ),
  };
  writeFileSync(fileOf(about), `${JSON.stringify(stored, null, 1)}\n`);
}

interface Stored extends MeasuredSetting {
  readonly dimension: number;
  readonly points: string;
  readonly splits: Readonly<
    Record<string, Omit<MeasuredTerms, 'cosine' | 'quality'> & { readonly cosine: string; readonly quality: string }>
  >;
}

const pack = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

function unpack(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
