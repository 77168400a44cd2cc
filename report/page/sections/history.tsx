/**
 * How the search went.
 */
import { historyChart } from '../../charts/history-chart.js';
import { counted, fixed, signed } from '../../charts/numbers.js';
import type { SearchDocument } from '../../documents/search-document.js';
import { Chart, Legend } from '../chart.js';
import { Section, type Place } from '../section.js';
import { Numbers } from '../table.js';

type Trial = SearchDocument['trials'][number];

interface Props {
  readonly trials: readonly Trial[];
  readonly baseline: number | null;
  readonly place: Place;
}

/** Nothing before the first score. */
export function HistorySection({ trials, baseline, place }: Props) {
  const calibration = trials.filter(({ stage, number }) => stage === 'calibration' && number > 0);
  if (!calibration.some(({ score }) => score !== null)) return null;
  const count = (status: Trial['status']): number => calibration.filter((one) => one.status === status).length;
  const [raced, failed] = [count('raced'), count('failed')];
  return (
    <Section
      place={place}
      name="history"
      title="History"
      lead={
        <>
          {counted(calibration.length, 'candidate')} on the calibration prompts
          {raced > 0 ? `, ${raced.toLocaleString('en-US')} of them raced out early` : ''}
          {failed > 0 ? `, ${failed} failed` : ''}.
        </>
      }
    >
      <Chart draw={(width) => historyChart(calibration, baseline, width)}>
        <Legend
          of={[
            ['finalist', 'scored on all prompts'],
            ...(raced > 0 ? [['raced', 'raced out, an estimate'] as const] : []),
            ...(failed > 0 ? [['failed', 'failed'] as const] : []),
            ['best', 'best so far'],
            ...(baseline === null ? [] : [['baseline', 'baseline'] as const]),
          ]}
        />
        <Numbers
          title="Every new best"
          label="Every new best"
          rows={incumbents(calibration)}
          columns={[
            { head: 'candidate', cell: ({ number }) => number, numeric: true },
            { head: 'score', cell: ({ score }) => fixed(score), numeric: true },
            ...(baseline === null
              ? []
              : [
                  {
                    head: 'over the baseline',
                    cell: ({ score }: Trial) => signed((score ?? baseline) - baseline),
                    numeric: true as const,
                  },
                ]),
          ]}
        />
      </Chart>
    </Section>
  );
}

function incumbents(calibration: readonly Trial[]): Trial[] {
  let best = -Infinity;
  return calibration.filter((trial) => {
    if (trial.score === null || trial.status !== 'ok' || trial.score <= best) return false;
    best = trial.score;
    return true;
  });
}
