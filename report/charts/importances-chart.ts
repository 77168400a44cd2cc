/**
 * How much of the score's variance each coordinate explains.
 */
import * as Plot from '@observablehq/plot';
import { drawChart } from './draw-chart.js';
import { percent } from './numbers.js';

interface Importance {
  readonly name: string;
  readonly share: number;
}

/** @returns SVG text */
export function importancesChart(importances: readonly Importance[], width: number): string {
  const longest = Math.max(...importances.map(({ name }) => name.length));
  const words = {
    title: 'Importance of the coordinates',
    description: importances.map(({ name, share }) => `${name} ${percent(share)}`).join(', '),
  };
  return drawChart(words, {
    width,
    height: 24 * importances.length + 14,
    marginLeft: Math.min(0.4 * width, 7.5 * longest + 18),
    marginRight: 46,
    marginTop: 4,
    marginBottom: 10,
    x: { axis: null, domain: [0, Math.max(...importances.map(({ share }) => share), 0.01)] },
    y: { label: null, tickSize: 0, domain: importances.map(({ name }) => name), padding: 0.35 },
    marks: [
      Plot.barX(importances, { x: 'share', y: 'name', fill: 'var(--finalist)', rx: 2 }),
      Plot.text(importances, {
        x: 'share',
        y: 'name',
        text: ({ share }: Importance) => percent(share),
        dx: 6,
        textAnchor: 'start',
        fill: 'var(--ink)',
      }),
    ],
  });
}
