/**
 * The colours of a heat map beside their scores.
 */
import * as Plot from '@observablehq/plot';
import { drawChart } from './draw-chart.js';
import { fixed } from './numbers.js';
import type { SurfaceScale } from './surface-chart.js';

const STRIPES = 64;

/** @returns SVG text */
export function scaleChart({ low, high }: SurfaceScale, width: number): string {
  const span = high - low || 1;
  const stripes = Array.from({ length: STRIPES }, (_, i) => ({
    from: low + (i / STRIPES) * span,
    to: low + ((i + 1) / STRIPES) * span,
  }));
  return drawChart(
    { title: 'Colours of scores', description: `From dark, ${fixed(low)}, to bright, ${fixed(high)}.` },
    {
      width,
      height: 54,
      marginLeft: 12,
      marginRight: 12,
      marginTop: 4,
      marginBottom: 40,
      x: { label: 'score', labelAnchor: 'center', labelOffset: 34, ticks: 5, domain: [low, low + span] },
      color: { type: 'linear', scheme: 'viridis', domain: [low, low + span] },
      marks: [Plot.rectX(stripes, { x1: 'from', x2: 'to', fill: 'from', shapeRendering: 'crispEdges' })],
    },
  );
}
