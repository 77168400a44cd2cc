/**
 * Scores over two coordinates as a heat map, with the path of the search on it.
 */
import * as Plot from '@observablehq/plot';
import type { SearchDocument } from '../documents/search-document.js';
import { drawChart } from './draw-chart.js';
import { evenlySpaced, heatImage } from './heat-image.js';
import { fixed, significant } from './numbers.js';

type Surface = NonNullable<SearchDocument['surface']>;
type Slice = Surface['slices'][number];

/** What all heat maps of a surface share. */
export interface SurfaceScale {
  readonly low: number;
  readonly high: number;
  /** Whether there are values between those that are drawn, as a model has, and a grid has not. */
  readonly smooth: boolean;
}

/** Above this many candidates they have no tooltip each. */
const MOST_TITLES = 200;

const MARGINS = { marginLeft: 46, marginRight: 10, marginBottom: 42, marginTop: 24 };

/** The range of scores over all slices; null where nothing is known. */
export function surfaceScale({ kind, slices }: Surface): SurfaceScale | null {
  const values = slices.flatMap((slice) => slice.values.flat()).filter((value) => value !== null);
  return values.length === 0
    ? null
    : {
        low: values.reduce((a, b) => Math.min(a, b)),
        high: values.reduce((a, b) => Math.max(a, b)),
        smooth: kind === 'model',
      };
}

/** @returns SVG text */
export function surfaceChart(slice: Slice, { low, high, smooth }: SurfaceScale, width: number): string {
  const { x, y, xs, ys, path, finalist, identity } = slice;
  const domain: [number, number] = low === high ? [low - 1, high + 1] : [low, high];
  const [xEdges, yEdges] = [edges(xs), edges(ys)];
  const inside = path.filter((point) => within(point.x, xEdges) && within(point.y, yEdges));
  const many = inside.length > MOST_TITLES;
  const best = incumbents(inside);
  const words = {
    title: `Scores over ${x} and ${y}`,
    description:
      `From ${fixed(low)} to ${fixed(high)}. ` +
      (finalist === null ? '' : `The finalist is at ${significant(finalist.x, 4)}, ${significant(finalist.y, 4)}.`),
  };
  const halo = { stroke: 'white', strokeWidth: 1.5, paintOrder: 'stroke' as const };
  return drawChart(words, {
    width,
    height: Math.round(0.86 * width),
    ...MARGINS,
    x: {
      label: x,
      labelAnchor: 'center',
      labelOffset: 36,
      ticks: width < 300 ? 4 : 5,
      domain: [xEdges[0]!, xEdges.at(-1)!],
    },
    y: { label: y, ticks: 5, domain: [yEdges[0]!, yEdges.at(-1)!] },
    color: { type: 'linear', scheme: 'viridis', domain },
    marks: [
      evenlySpaced(xs) && evenlySpaced(ys) ? pixels(slice, domain, width, smooth) : cells(slice, xEdges, yEdges),
      Plot.dot(inside, {
        x: 'x',
        y: 'y',
        r: many ? 1.2 : 2,
        fill: 'white',
        fillOpacity: 0.85,
        ...(many
          ? {}
          : {
              stroke: 'black',
              strokeOpacity: 0.4,
              strokeWidth: 0.75,
              title: ({ trial, score }: Slice['path'][number]) => `candidate ${trial}: ${fixed(score)}`,
            }),
      }),
      Plot.line(best, { x: 'x', y: 'y', stroke: 'black', strokeWidth: 2.5, strokeOpacity: 0.25 }),
      Plot.line(best, { x: 'x', y: 'y', stroke: 'white', strokeWidth: 1, strokeOpacity: 0.9 }),
      ...(identity === null
        ? []
        : [
            Plot.dot([identity], {
              x: 'x',
              y: 'y',
              symbol: 'times',
              r: 6,
              strokeWidth: 2.5,
              stroke: 'white',
              title: () => 'baseline',
            }),
          ]),
      ...(finalist === null
        ? []
        : [
            Plot.dot([finalist], { x: 'x', y: 'y', r: 6, fill: 'none', ...halo, strokeWidth: 5, stroke: '#1b1c1e' }),
            Plot.dot([finalist], {
              x: 'x',
              y: 'y',
              r: 6,
              fill: 'none',
              stroke: 'white',
              strokeWidth: 2,
              title: () => 'finalist',
            }),
          ]),
    ],
  });
}

/** The whole frame as one image. */
function pixels({ values }: Slice, domain: readonly [number, number], width: number, smooth: boolean): Plot.Markish {
  return Plot.image([values], {
    src: () => heatImage(values, domain),
    frameAnchor: 'middle',
    width: width - MARGINS.marginLeft - MARGINS.marginRight,
    height: Math.round(0.86 * width) - MARGINS.marginTop - MARGINS.marginBottom,
    preserveAspectRatio: 'none',
    imageRendering: smooth ? 'auto' : 'pixelated',
  });
}

/** A grid whose values are not evenly spaced. */
function cells({ xs, ys, values }: Slice, xEdges: readonly number[], yEdges: readonly number[]): Plot.Markish {
  const known = ys.flatMap((_, j) =>
    xs.flatMap((__, i) => {
      const value = values[j]?.[i] ?? null;
      return value === null ? [] : [{ x1: xEdges[i]!, x2: xEdges[i + 1]!, y1: yEdges[j]!, y2: yEdges[j + 1]!, value }];
    }),
  );
  return Plot.rect(known, { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: 'value', shapeRendering: 'crispEdges' });
}

/** The candidates that were the best so far, in the order in which they were found. */
function incumbents(path: Slice['path']): Slice['path'] {
  let best = -Infinity;
  return path.filter(({ score }) => {
    if (score === null || score <= best) return false;
    best = score;
    return true;
  });
}

/** Limits of the cells around sorted values: midpoints, and as far again at both ends. */
function edges(values: readonly number[]): number[] {
  if (values.length === 1) return [values[0]! - 0.5, values[0]! + 0.5];
  const middles = values.slice(1).map((value, i) => (value + values[i]!) / 2);
  return [2 * values[0]! - middles[0]!, ...middles, 2 * values.at(-1)! - middles.at(-1)!];
}

const within = (value: number, limits: readonly number[]): boolean => value >= limits[0]! && value <= limits.at(-1)!;
