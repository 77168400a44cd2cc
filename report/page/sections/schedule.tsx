/**
 * The finalist's coefficients, as a table and as curves against the baseline.
 */
import { fixed, significant } from '../../charts/numbers.js';
import { scheduleChart } from '../../charts/schedule-chart.js';
import { HALF } from '../../charts/sizes.js';
import type { SearchDocument } from '../../documents/search-document.js';
import { Chart, Legend } from '../chart.js';
import { Section, type Place } from '../section.js';
import { Table } from '../table.js';

type Schedule = SearchDocument['schedule'];

const isBaseline = ({ sample, noise }: NonNullable<Schedule['recommended']>): boolean =>
  [...sample, ...noise].every((value) => value === 1);

const outside = ({ sample, noise }: NonNullable<Schedule['finalist']>, [low, high]: Schedule['range']): boolean =>
  [...sample, ...noise].some((value) => value < low || value > high);

/** Nothing before there is a finalist. */
export function ScheduleSection({ schedule, place }: { readonly schedule: Schedule; readonly place: Place }) {
  const { finalist, recommended, timesteps, range } = schedule;
  if (finalist === null) return null;
  const rows = finalist.sample.map((sample, i) => ({ step: i + 1, sample, noise: finalist.noise[i] ?? null }));
  return (
    <Section
      place={place}
      name="schedule"
      title="Coefficients"
      lead={
        <>
          c<sup>x</sup> scales the sample and c<sup>ε</sup> the network’s output before every update; the baseline has 1
          everywhere. The range was {significant(range[0])} to {significant(range[1])}
          {outside(finalist, range) ? ', and grew where the best candidates lay on its edge' : ''}.
          {recommended !== null && isBaseline(recommended) && !isBaseline(finalist)
            ? ' The verdict is to keep the baseline: these are the finalist’s.'
            : null}
        </>
      }
    >
      <div class="beside">
        <Chart draw={(width) => scheduleChart(schedule, width)} width={HALF}>
          <Legend
            of={[
              ['finalist', 'cˣ, sample'],
              ['second', 'cᵋ, network output'],
              ['baseline', 'baseline'],
            ]}
          />
        </Chart>
        <Table
          label="Coefficients per step"
          rows={rows}
          columns={[
            { head: 'step', cell: ({ step }) => step, numeric: true },
            ...(timesteps.length === rows.length
              ? [
                  {
                    head: 'timestep',
                    cell: (_: unknown, i: number) => significant(timesteps[i]!, 6),
                    numeric: true as const,
                  },
                ]
              : []),
            {
              head: (
                <>
                  c<sup>x</sup>
                </>
              ),
              cell: ({ sample }) => fixed(sample),
              numeric: true,
            },
            {
              head: (
                <>
                  c<sup>ε</sup>
                </>
              ),
              cell: ({ noise }) => fixed(noise),
              numeric: true,
            },
          ]}
        />
      </div>
    </Section>
  );
}
