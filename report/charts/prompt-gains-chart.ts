/**
 * The held-out gain of every prompt, sorted: how many prompts a mean gain rests on, and how bad the worst are.
 */
import * as Plot from '@observablehq/plot';
import type { SearchDocument } from '../documents/search-document.js';
import { drawChart } from './draw-chart.js';
import { counted, signed } from './numbers.js';

type PromptGain = SearchDocument['prompts'][number];

/** Above this many prompts they have no tooltip each. */
const MOST_TITLES = 300;

/** @param gains of one scorer, at least one. @returns SVG text */
export function promptGainsChart(gains: readonly PromptGain[], width: number): string {
  const sorted = [...gains].sort((a, b) => a.gain - b.gain).map((one, rank) => ({ ...one, rank }));
  const mean = sorted.reduce((sum, { gain }) => sum + gain, 0) / sorted.length;
  const better = sorted.filter(({ gain }) => gain > 0).length;
  const narrow = width < 500;
  const ends = [sorted[0]!, ...(sorted.length > 1 ? [sorted.at(-1)!] : [])];
  const words = {
    title: 'Gain per prompt, sorted',
    description:
      `${counted(better, 'prompt')} of ${sorted.length} gain; the mean is ${signed(mean)}, ` +
      `the worst ${signed(sorted[0]!.gain)}, the best ${signed(sorted.at(-1)!.gain)}.`,
  };
  return drawChart(words, {
    width,
    height: narrow ? 220 : 260,
    marginLeft: 50,
    marginRight: narrow ? 12 : 90,
    marginTop: 24,
    marginBottom: 30,
    x: { axis: null, domain: [-0.5, sorted.length - 0.5] },
    y: {
      label: 'gain over the baseline',
      grid: true,
      ticks: 5,
      nice: true,
      tickFormat: '+.2~f',
      insetTop: 12,
      insetBottom: 12,
    },
    marks: [
      Plot.rectY(sorted, {
        x1: ({ rank }: { rank: number }) => rank - 0.5,
        x2: ({ rank }: { rank: number }) => rank + 0.5,
        y: 'gain',
        fill: ({ gain }: PromptGain) => (gain > 0 ? 'var(--finalist)' : 'var(--baseline)'),
        insetLeft: sorted.length > 150 ? 0 : 0.75,
        insetRight: sorted.length > 150 ? 0 : 0.75,
        ...(sorted.length > MOST_TITLES
          ? {}
          : { title: ({ position, gain }: PromptGain) => `prompt ${position}: ${signed(gain)}` }),
      }),
      Plot.ruleY([0], { stroke: 'var(--muted)' }),
      Plot.ruleY([mean], { stroke: 'var(--ink)', strokeWidth: 1.5, strokeDasharray: '5 4' }),
      ...(narrow
        ? []
        : [
            Plot.text([mean], {
              x: () => sorted.length - 0.5,
              y: (value: number) => value,
              text: () => `mean ${signed(mean, 3)}`,
              fill: 'var(--ink)',
              dx: 6,
              textAnchor: 'start',
            }),
          ]),
      ...ends.map((end) =>
        Plot.text([end], {
          x: 'rank',
          y: 'gain',
          text: ({ position }: PromptGain) => `#${position}`,
          fill: 'var(--muted)',
          dy: end.gain > 0 ? -9 : 10,
        }),
      ),
    ],
  });
}
