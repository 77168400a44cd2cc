/**
 * The verdict: what to use, how much it gains, how sure that is, and how much of it is repair.
 */
import { intervalChart, intervalDomain } from '../../charts/interval-chart.js';
import { ends, fixed, percent, signed } from '../../charts/numbers.js';
import type { SearchDocument } from '../../documents/search-document.js';
import { Inline } from '../chart.js';
import { Section, type Place } from '../section.js';
import { Numbers, Table } from '../table.js';
import { Text } from '../text.js';

type Verdict = NonNullable<SearchDocument['verdict']>;
type Repair = NonNullable<Verdict['repair']>;

/** What a recommendation is called, with a sign that does not rest on colour. */
export const RECOMMENDATIONS: Readonly<
  Record<Verdict['recommend'], { readonly sign: string; readonly words: string }>
> = {
  calibrated: { sign: '✓', words: 'Use the finalist' },
  identity: { sign: '=', words: 'Keep the baseline' },
  none: { sign: '?', words: 'No recommendation' },
};

const MOST_IN_TITLE = 48;

/** The first thing that is seen. */
export function VerdictSection({ verdict, place }: { readonly verdict: Verdict; readonly place: Place }) {
  const { recommend, headline, sentences, gains, repair } = verdict;
  const { sign } = RECOMMENDATIONS[recommend];
  const [title, sentence] = headOf(headline, recommend);
  const [own] = gains;
  return (
    <Section place={place} name="verdict" title="Verdict">
      <div class={`hero ${recommend}`}>
        <div class="words">
          <p class="recommendation">
            <span class="sign" aria-hidden="true">
              {sign}
            </span>
            <Text>{title}</Text>
          </p>
          <p class="headline">
            <Text>{sentence}</Text>
          </p>
        </div>
        {own === undefined ? null : (
          <div class="gain">
            <p class="figure">{signed(own.gain.value, 3)}</p>
            <p class="of">
              {ends(own.gain, 3) === null ? null : <>95 % interval {ends(own.gain, 3)}</>}
              <br />
              <Text>{own.scorer}</Text>, {own.prompts} held-out {own.prompts === 1 ? 'prompt' : 'prompts'}
            </p>
          </div>
        )}
      </div>
      {gains.length === 0 ? null : (
        <Table
          label="Held-out gains"
          rows={gains}
          columns={[
            { head: 'scorer', cell: ({ scorer }) => <Text>{scorer}</Text> },
            { head: 'gain', cell: ({ gain }) => signed(gain.value), numeric: true },
            { head: '95 % interval', cell: ({ gain }) => ends(gain) ?? '–', numeric: true },
            {
              head: 'against 0',
              cell: ({ scorer, gain }) => (
                <Inline svg={intervalChart(`Gain in ${scorer}`, gain, intervalDomain([gain]))} />
              ),
            },
            { head: 'baseline', cell: ({ identity }) => fixed(identity), numeric: true },
            { head: 'finalist', cell: ({ calibrated }) => fixed(calibrated), numeric: true },
            { head: 'prompts', cell: ({ prompts }) => prompts, numeric: true },
          ]}
        />
      )}
      {repair === null ? null : <RepairShare {...repair} />}
      {sentences.length === 0 ? null : (
        <ul class="sentences">
          {sentences.map((sentence) => (
            <li>
              <Text>{sentence}</Text>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** What to do, and why: a headline is cut at its colon or at the end of its first sentence, if that comes early on. */
function headOf(headline: string, recommend: Verdict['recommend']): readonly [string, string] {
  const end = headline.search(/[:.] /);
  return end > 0 && end <= MOST_IN_TITLE
    ? [headline.slice(0, end), headline.slice(end + 2)]
    : [RECOMMENDATIONS[recommend].words, headline];
}

function RepairShare({ gain, full, repair, share }: Repair) {
  const rows = [
    { name: 'gain of the quantised network', value: gain },
    { name: 'gain of the full-precision network', value: full },
    { name: 'difference: repair of quantisation', value: repair },
  ];
  const domain = intervalDomain(rows.map(({ value }) => value));
  const repaired = share === null ? null : Math.min(1, Math.max(0, share.value));
  return (
    <div class="repair">
      <p>
        {share === null || repaired === null ? (
          <>How much of the gain repairs quantisation is not settled.</>
        ) : (
          <>
            <strong>{percent(share.value)}</strong> of the gain repairs what quantisation took
            {ends(share, 2, (value) => percent(value ?? 0)) === null
              ? ''
              : ` (95 % interval ${ends(share, 2, (value) => percent(value ?? 0))})`}
            ; the rest is schedule tuning, which the full-precision network gains too.
          </>
        )}
      </p>
      {repaired === null ? null : (
        <svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="rest" width="100" height="4" />
          <rect class="repaired" width={100 * repaired} height="4" />
        </svg>
      )}
      <Numbers
        title="Gains of both networks"
        label="Gain of the quantised and of the full-precision network"
        rows={rows}
        columns={[
          { head: '', cell: ({ name }) => name },
          { head: 'gain', cell: ({ value }) => signed(value.value), numeric: true },
          { head: '95 % interval', cell: ({ value }) => ends(value) ?? '–', numeric: true },
          { head: 'against 0', cell: ({ name, value }) => <Inline svg={intervalChart(name, value, domain)} /> },
        ]}
      />
    </div>
  );
}
