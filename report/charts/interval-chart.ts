/**
 * One gain with its interval against 0, small enough for a cell of a table.
 */
import * as Plot from '@observablehq/plot';
import { drawChart } from './draw-chart.js';
import { ends, signed } from './numbers.js';

/** A mean with its 95 % interval; bounds are null where it has none. */
interface Interval {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Limits that show every interval, and 0 where `zero` says so. */
export function intervalDomain(intervals: readonly Interval[], zero = true): [number, number] {
  const values = intervals.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const [least, most] = [Math.min(...values, ...(zero ? [0] : [])), Math.max(...values, ...(zero ? [0] : []))];
  const margin = 0.06 * (most - least) || 0.01;
  return [least - margin, most + margin];
}

/**
 * @param name what has this value
 * @param domain limits of the scale, the same for all rows that are compared
 * @param zero where the line is that an interval clears or does not; null without one
 * @returns SVG text
 */
export function intervalChart(
  name: string,
  interval: Interval,
  domain: readonly [number, number],
  zero: number | null = 0,
): string {
  const { value, low, high } = interval;
  const clear = zero === null || (low !== null && high !== null && (low > zero || high < zero));
  const colour = clear ? (zero === null || value >= zero ? 'var(--finalist)' : 'var(--baseline)') : 'var(--muted)';
  const spread = ends(interval);
  return drawChart(
    { title: name, description: spread === null ? signed(value) : `${signed(value)}, ${spread}` },
    {
      width: 220,
      height: 24,
      margin: 0,
      marginLeft: 6,
      marginRight: 6,
      x: { axis: null, domain: [...domain] },
      y: { axis: null, domain: [0, 1] },
      marks: [
        ...(zero === null ? [] : [Plot.ruleX([zero], { stroke: 'var(--muted)', strokeDasharray: '2 2' })]),
        ...(low === null || high === null
          ? []
          : [Plot.ruleY([{ low, high }], { x1: 'low', x2: 'high', y: () => 0.5, stroke: colour, strokeWidth: 2.5 })]),
        Plot.dot([value], {
          x: (x: number) => x,
          y: () => 0.5,
          r: 4.5,
          fill: colour,
          stroke: 'var(--paper)',
          strokeWidth: 1.5,
        }),
      ],
    },
  );
}
