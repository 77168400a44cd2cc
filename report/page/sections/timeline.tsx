/**
 * Who computed when, and where the time went.
 */
import { counted, duration, percent } from '../../charts/numbers.js';
import { spentChart } from '../../charts/spent-chart.js';
import { stageNumber } from '../../charts/stage-colours.js';
import { timelineChart } from '../../charts/timeline-chart.js';
import type { SearchDocument } from '../../documents/search-document.js';
import { Chart, Legend } from '../chart.js';
import { Section, type Place } from '../section.js';
import { Numbers } from '../table.js';

type Timeline = SearchDocument['timeline'];

/** Nothing before the first block. */
export function TimelineSection({ timeline, place }: { readonly timeline: Timeline; readonly place: Place }) {
  const { workers, spent, elapsed } = timeline;
  if (workers.length === 0 && spent.length === 0) return null;
  const stages = [...new Set(workers.flatMap(({ blocks }) => blocks.map(({ stage }) => stage)))];
  const busy = workers.reduce((sum, { blocks }) => sum + blocks.reduce((all, { from, to }) => all + to - from, 0), 0);
  return (
    <Section
      place={place}
      name="timeline"
      title="Time"
      lead={
        <>
          {duration(elapsed)} on {counted(workers.length, 'worker')}
          {workers.length > 0 && elapsed > 0
            ? `, which ${workers.length === 1 ? 'was' : 'were'} busy ${percent(Math.min(1, busy / (elapsed * workers.length)))} of it`
            : ''}
          .
        </>
      }
    >
      <Chart draw={(width) => timelineChart(timeline, width)}>
        <Legend of={stages.map((stage) => [`stage-${stageNumber(stage)}`, stage] as const)} />
      </Chart>
      <Chart draw={(width) => spentChart(spent, width)}>
        <Legend
          of={[
            ['runtime', 'in ONNX Runtime'],
            ['rest', 'around it'],
          ]}
        />
        <Numbers
          title="Where the time went, as a table"
          label="Where the time went"
          rows={spent}
          columns={[
            { head: 'stage', cell: ({ what }) => what },
            { head: 'worker time', cell: ({ seconds }) => duration(seconds), numeric: true },
            { head: 'ONNX Runtime', cell: ({ runtimeSeconds }) => duration(runtimeSeconds), numeric: true },
            {
              head: 'padded rows',
              cell: ({ paddedRows }) => Math.round(paddedRows).toLocaleString('en-US'),
              numeric: true,
            },
          ]}
        />
      </Chart>
    </Section>
  );
}
