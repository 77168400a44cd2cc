/**
 * What each worker computed when.
 */
import * as Plot from '@observablehq/plot';
import type { SearchDocument } from '../documents/search-document.js';
import { drawChart } from './draw-chart.js';
import { counted, duration } from './numbers.js';
import { stageColour } from './stage-colours.js';

type Timeline = SearchDocument['timeline'];
type Block = Timeline['workers'][number]['blocks'][number];

interface Bar {
  readonly worker: string;
  readonly stage: string;
  readonly from: number;
  to: number;
  evaluations: number;
}

/** @returns SVG text; null without a block */
export function timelineChart({ workers, elapsed }: Timeline, width: number): string | null {
  const busy = workers.filter(({ blocks }) => blocks.length > 0);
  if (busy.length === 0) return null;
  // Blocks of a stage with less than half a pixel between them are one bar.
  const gap = elapsed / width / 2;
  const bars = busy.flatMap(({ name, blocks }) => joined(name, blocks, gap));
  const longest = Math.max(...busy.map(({ name }) => name.length));
  const words = {
    title: 'Work of each worker over time',
    description: busy
      .map(({ name, blocks }) => `${name}: ${counted(blocks.length, 'block')}, ${duration(seconds(blocks))}`)
      .join('; '),
  };
  return drawChart(words, {
    width,
    height: 26 * busy.length + 44,
    marginLeft: Math.min(0.36 * width, 7.5 * longest + 18),
    marginRight: 14,
    marginTop: 4,
    marginBottom: 42,
    x: {
      label: 'time since the search was opened',
      labelAnchor: 'center',
      labelOffset: 36,
      domain: [0, elapsed],
      ticks: width < 500 ? 3 : 6,
      tickFormat: (value: number) => (value === 0 ? '0' : duration(value).replace(/^(\d+) min 0 s$/, '$1 min')),
      grid: true,
    },
    y: { label: null, tickSize: 0, domain: busy.map(({ name }) => name), padding: 0.3 },
    marks: [
      Plot.barX(bars, {
        x1: 'from',
        x2: 'to',
        y: 'worker',
        fill: ({ stage }: Bar) => stageColour(stage),
        ...(bars.length > 400
          ? {}
          : {
              title: ({ stage, from, to, evaluations }: Bar) =>
                `${stage}: ${counted(evaluations, 'evaluation')}, ${duration(from)} to ${duration(to)}`,
            }),
      }),
    ],
  });
}

const seconds = (blocks: readonly Block[]): number => blocks.reduce((sum, { from, to }) => sum + to - from, 0);

function joined(worker: string, blocks: readonly Block[], gap: number): Bar[] {
  const bars: Bar[] = [];
  for (const { from, to, stage, evaluations } of [...blocks].sort((a, b) => a.from - b.from)) {
    const last = bars.at(-1);
    if (last !== undefined && last.stage === stage && from - last.to <= gap) {
      last.to = Math.max(last.to, to);
      last.evaluations += evaluations;
    } else bars.push({ worker, stage, from, to, evaluations });
  }
  return bars;
}
