/**
 * Several searches or tables side by side: what each recommends, and its gain with the interval on one scale.
 */
import { intervalChart, intervalDomain } from '../charts/interval-chart.js';
import { ends, percent, signed } from '../charts/numbers.js';
import type { ReportDocument } from '../documents/report-document.js';
import type { SearchDocument } from '../documents/search-document.js';
import { Inline } from './chart.js';
import { RECOMMENDATIONS } from './sections/verdict.js';
import { Table } from './table.js';
import { Text } from './text.js';

/** The head of a report of several parts. */
export function Comparison({ parts }: Pick<ReportDocument, 'parts'>) {
  const searches = parts.flatMap((part, i) => (part.kind === 'search' ? [{ search: part, part: `p${i + 1}` }] : []));
  const gains = searches.flatMap(({ search }) => search.verdict?.gains.slice(0, 1).map(({ gain }) => gain) ?? []);
  const domain = intervalDomain(gains.length === 0 ? [{ value: 0, low: null, high: null }] : gains);
  const gainOf = ({ verdict }: SearchDocument) => verdict?.gains[0]?.gain ?? null;
  return (
    <section id="comparison" class="part comparison" aria-labelledby="comparison-title">
      <h1 id="comparison-title">
        {searches.length === parts.length ? `${parts.length} searches compared` : `${parts.length} results compared`}
      </h1>
      {searches.length === 0 ? null : (
        <Table
          label="Verdicts"
          rows={searches}
          columns={[
            {
              head: 'search',
              cell: ({ search, part }) => (
                <a href={`#${part}-head`}>
                  <Text>{`${search.model} ${search.precision}`}</Text>
                </a>
              ),
            },
            { head: 'scheduler', cell: ({ search }) => `${search.scheduler}, ${search.steps}` },
            { head: 'objective', cell: ({ search }) => <Text>{search.objective}</Text> },
            {
              head: 'verdict',
              cell: ({ search }) =>
                search.verdict === null ? search.status : RECOMMENDATIONS[search.verdict.recommend].words,
            },
            { head: 'gain', cell: ({ search }) => signed(gainOf(search)?.value ?? null, 3), numeric: true },
            {
              head: '95 % interval',
              cell: ({ search }) => {
                const gain = gainOf(search);
                return gain === null ? '–' : (ends(gain, 3) ?? '–');
              },
              numeric: true,
            },
            {
              head: 'against 0',
              cell: ({ search }) => {
                const gain = gainOf(search);
                return gain === null ? null : <Inline svg={intervalChart(`Gain of ${search.model}`, gain, domain)} />;
              },
            },
            {
              head: 'repair',
              cell: ({ search }) => {
                const share = search.verdict?.repair?.share ?? null;
                return share === null ? '–' : percent(share.value);
              },
              numeric: true,
            },
          ]}
        />
      )}
    </section>
  );
}
