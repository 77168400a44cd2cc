/**
 * Both terms of every scored candidate, the front between them marked.
 */
import * as Plot from '@observablehq/plot';
import type { SearchDocument } from '../documents/search-document.js';
import { drawChart } from './draw-chart.js';
import { counted, fixed } from './numbers.js';

/** Marks the group of the front's points while it is drawn. */
const FRONT = 'front';

type Point = NonNullable<SearchDocument['pareto']>['points'][number];

/** @returns SVG text; the points of the front have `data-trial`, so that a script may mark one */
export function paretoChart(points: readonly Point[], width: number): string {
  const front = points.filter((point) => point.front).sort((a, b) => a.tc - b.tc);
  const near = zoomed(points, front);
  const others = points.filter(({ front: on, tc, iq }) => !on && tc >= near.tc[0] && iq >= near.iq[0]);
  const baseline = points.filter(({ trial }) => trial === 0);
  const words = {
    title: 'Text and quality terms of the candidates',
    description: `${counted(points.length, 'candidate')}, ${front.length} of them on the Pareto front.`,
  };
  const name = ({ trial, tc, iq, estimated }: Point): string =>
    `${trial === 0 ? 'baseline' : `candidate ${trial}`}${estimated ? ', estimated' : ''}: text ${fixed(tc)}, quality ${fixed(iq)}`;
  return drawChart(
    words,
    {
      width,
      height: width < 500 ? 280 : 360,
      marginLeft: 50,
      marginRight: 16,
      marginTop: 24,
      marginBottom: 42,
      grid: true,
      x: {
        label: 'text compatibility (TC)',
        labelAnchor: 'center',
        labelOffset: 36,
        ticks: width < 500 ? 4 : 8,
        domain: near.tc,
        inset: 10,
      },
      y: { label: 'image quality (IQ)', ticks: 5, domain: near.iq, inset: 10 },
      marks: [
        Plot.dot(others, {
          x: 'tc',
          y: 'iq',
          r: others.length > 400 ? 1.5 : 2.2,
          fill: 'var(--muted)',
          fillOpacity: 0.45,
        }),
        Plot.line(front, { x: 'tc', y: 'iq', curve: 'step-before', stroke: 'var(--finalist)', strokeOpacity: 0.5 }),
        Plot.dot(front, {
          x: 'tc',
          y: 'iq',
          r: 4,
          fill: ({ estimated }: Point) => (estimated ? 'var(--paper)' : 'var(--finalist)'),
          stroke: ({ estimated }: Point) => (estimated ? 'var(--finalist)' : 'var(--paper)'),
          title: name,
          ariaDescription: FRONT,
        }),
        Plot.dot(baseline, {
          x: 'tc',
          y: 'iq',
          r: 5,
          symbol: 'times',
          stroke: 'var(--baseline)',
          strokeWidth: 2.5,
          title: name,
        }),
        Plot.text(baseline, { x: 'tc', y: 'iq', text: () => 'baseline', dy: 14, fill: 'var(--baseline)' }),
      ],
    },
    (svg) => {
      [...svg.querySelectorAll(`g[aria-description="${FRONT}"] circle`)].forEach((circle, i) => {
        const point = front[i];
        if (point === undefined) return;
        circle.setAttribute('data-trial', String(point.trial));
        if (point.chosen) circle.setAttribute('class', 'chosen');
      });
    },
  );
}

/** Limits of both axes around the front, the baseline and most candidates; far worse ones are left out. */
function zoomed(points: readonly Point[], front: readonly Point[]): { tc: [number, number]; iq: [number, number] } {
  const limits = (of: (point: Point) => number): [number, number] => {
    const sorted = points.map(of).sort((a, b) => a - b);
    const kept = [...front, ...points.filter(({ trial }) => trial === 0)].map(of);
    const quarter = sorted[Math.floor(0.25 * (sorted.length - 1))]!;
    const most = sorted.at(-1)!;
    const low = Math.min(...kept, Math.max(sorted[0]!, quarter - (most - quarter)));
    return low === most ? [low - 0.5, most + 0.5] : [low, most];
  };
  return { tc: limits(({ tc }) => tc), iq: limits(({ iq }) => iq) };
}
