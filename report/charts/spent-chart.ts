/**
 * Where the time of the workers went: in ONNX Runtime, or around it.
 */
import * as Plot from '@observablehq/plot';
import type { SearchDocument } from '../documents/search-document.js';
import { drawChart } from './draw-chart.js';
import { duration } from './numbers.js';

type Spent = SearchDocument['timeline']['spent'][number];

/** @returns SVG text; null where no time is known */
export function spentChart(spent: readonly Spent[], width: number): string | null {
  if (spent.length === 0) return null;
  const longest = Math.max(...spent.map(({ what }) => what.length));
  const words = {
    title: 'Where the time went',
    description: spent
      .map(
        ({ what, seconds, runtimeSeconds }) =>
          `${what}: ${duration(seconds)}, ONNX Runtime ${duration(runtimeSeconds)}`,
      )
      .join('; '),
  };
  return drawChart(words, {
    width,
    height: 26 * spent.length + 12,
    marginLeft: Math.min(0.36 * width, 7.5 * longest + 18),
    marginRight: 76,
    marginTop: 4,
    marginBottom: 8,
    x: { axis: null, domain: [0, Math.max(...spent.map(({ seconds }) => seconds), 1e-9)] },
    y: { label: null, tickSize: 0, domain: spent.map(({ what }) => what), padding: 0.3 },
    marks: [
      Plot.barX(spent, { x: 'seconds', y: 'what', fill: 'var(--faint)', rx: 2 }),
      Plot.barX(spent, { x: 'runtimeSeconds', y: 'what', fill: 'var(--finalist)', rx: 2 }),
      Plot.text(spent, {
        x: 'seconds',
        y: 'what',
        text: ({ seconds }: Spent) => duration(seconds),
        dx: 6,
        textAnchor: 'start',
        fill: 'var(--ink)',
      }),
    ],
  });
}
