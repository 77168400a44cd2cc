/**
 * The finalist's coefficients over the steps, against the baseline, which has 1 everywhere.
 */
import * as Plot from '@observablehq/plot';
import type { SearchDocument } from '../documents/search-document.js';
import { drawChart } from './draw-chart.js';
import { fixed } from './numbers.js';

type Schedule = SearchDocument['schedule'];

interface Point {
  readonly step: number;
  readonly value: number;
}

/** @returns SVG text; null without a finalist */
export function scheduleChart({ finalist, range, timesteps }: Schedule, width: number): string | null {
  if (finalist === null) return null;
  const series = (values: readonly number[]): Point[] => values.map((value, i) => ({ step: i + 1, value }));
  const [sample, noise] = [series(finalist.sample), series(finalist.noise)];
  const values = [...finalist.sample, ...finalist.noise, 1];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max(0.02, 0.2 * (most - least));
  const [bottom, top] = [least - margin, most + margin];
  const limits = range.filter((limit) => limit >= bottom && limit <= top);
  const timestep = (step: number): string => {
    const time = timesteps[step - 1];
    return time === undefined ? String(step) : `${step}\nt ${Number(time.toPrecision(4))}`;
  };
  const curve = (points: readonly Point[], name: string, colour: string, symbol: 'circle' | 'square', dy: number) => [
    Plot.lineY(points, { x: 'step', y: 'value', stroke: colour, strokeWidth: 2 }),
    Plot.dot(points, {
      x: 'step',
      y: 'value',
      symbol,
      r: 4,
      fill: colour,
      stroke: 'var(--paper)',
      title: ({ step, value }: Point) => `step ${step}: ${name} = ${fixed(value)}`,
    }),
    Plot.text(points.slice(-1), {
      x: 'step',
      y: 'value',
      text: () => name,
      fill: colour,
      dx: 9,
      dy,
      textAnchor: 'start',
    }),
  ];
  const apart = (noise.at(-1)?.value ?? 1) > (sample.at(-1)?.value ?? 1) ? 1 : -1;
  const words = {
    title: 'Coefficients per step',
    description:
      `c^x: ${finalist.sample.map((value) => fixed(value)).join(', ')}. ` +
      `c^eps: ${finalist.noise.map((value) => fixed(value)).join(', ')}. The baseline has 1 everywhere.`,
  };
  return drawChart(words, {
    width,
    height: 270,
    marginLeft: 46,
    marginRight: 48,
    marginTop: 28,
    marginBottom: 54,
    x: {
      domain: sample.length > 1 ? [1, sample.length] : [0.5, 1.5],
      ticks: sample.length <= 12 ? sample.map(({ step }) => step) : 8,
      tickFormat: timestep,
      label: 'step',
      labelAnchor: 'center',
      labelOffset: 48,
      inset: 12,
    },
    y: { domain: [bottom, top], grid: true, ticks: 5, label: 'scale factor', tickFormat: '.2f' },
    marks: [
      Plot.ruleY([1], { stroke: 'var(--baseline)', strokeWidth: 1.5, strokeDasharray: '5 4' }),
      Plot.ruleY(limits, { stroke: 'var(--faint)', strokeDasharray: '1 3' }),
      ...curve(sample, 'cˣ', 'var(--finalist)', 'circle', 5 * apart),
      ...curve(noise, 'cᵋ', 'var(--second)', 'square', -5 * apart),
    ],
  });
}
