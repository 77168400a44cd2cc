/**
 * Both terms of the objective against each other, and which candidate another k would choose.
 */
import { paretoChart } from '../../charts/pareto-chart.js';
import { counted, fixed, significant } from '../../charts/numbers.js';
import type { SearchDocument } from '../../documents/search-document.js';
import { lineOf, upperEnvelope } from '../../../metrics/objectives/ranking.js';
import { Chart, Legend } from '../chart.js';
import { Section, type Place } from '../section.js';
import { Numbers } from '../table.js';

type Pareto = NonNullable<SearchDocument['pareto']>;
type Point = Pareto['points'][number];

interface Props {
  readonly pareto: Pareto;
  readonly trials: SearchDocument['trials'];
  readonly place: Place;
}

/** Nothing without a scored candidate. */
export function ParetoSection({ pareto, trials, place }: Props) {
  const { points, k, kWeighs } = pareto;
  const front = points.filter((point) => point.front).sort((a, b) => b.tc - a.tc);
  if (front.length === 0) return null;
  const estimated = points.filter((point) => point.estimated).length;
  const sum = kWeighs === 'text' ? 'k × text + quality' : 'text + k × quality';
  const wins = winners(front, kWeighs);
  return (
    <Section
      place={place}
      name="pareto"
      title="Text against quality"
      lead={
        <>
          {counted(front.length, 'candidate')} of {points.length.toLocaleString('en-US')}{' '}
          {front.length === 1 ? 'is' : 'are'} on the Pareto front. The score is {sum}
          {k === null ? '' : `, with k = ${significant(k)} in this search`}. Scores are those of the calibration prompts
          {estimated > 0 ? `; those of ${counted(estimated, 'candidate')} that were raced out are estimates` : ''}.
        </>
      }
    >
      <div data-weigh={wins.size > 1 ? 'k' : undefined}>
        <Chart draw={(width) => paretoChart(points, width)}>
          <Legend
            of={[
              ['finalist', 'Pareto front'],
              ['chosen', 'chosen by k'],
            ]}
          />
        </Chart>
        {wins.size === 1 ? <p>{nameOf([...wins.keys()][0]!)} wins at every k.</p> : <Weigh id={`${place.part}-k`} />}
        <script type="application/json" dangerouslySetInnerHTML={{ __html: json(front, pareto, trials) }} />
      </div>
      <Numbers
        title="The front as a table"
        label="Pareto front"
        rows={front}
        marked={({ chosen }) => chosen}
        columns={[
          {
            head: 'candidate',
            cell: ({ trial, estimated: raced, chosen }) =>
              `${raced ? '~' : ''}${trial === 0 ? 'baseline' : trial}${chosen ? ' *' : ''}`,
            numeric: true,
          },
          { head: 'text', cell: ({ tc }) => fixed(tc), numeric: true },
          { head: 'quality', cell: ({ iq }) => fixed(iq), numeric: true },
          { head: 'wins at k', cell: ({ trial }) => wins.get(trial) ?? 'none', numeric: true },
        ]}
      />
    </Section>
  );
}

const nameOf = (trial: number): string => (trial === 0 ? 'The baseline' : `Candidate ${trial}`);

/** Shown by the script, which fills it in. */
const Weigh = ({ id }: { readonly id: string }) => (
  <div class="weigh" hidden>
    <label for={id}>
      k = <output class="k" for={id} />
    </label>
    <input type="range" id={id} min="-2" max="2" step="0.02" value="0" />
    <p aria-live="polite">
      Chooses <strong class="trial" /> with a score of <span class="score" />
      <br />
      <span class="coefficients" />
    </p>
  </div>
);

/** The data of the slider: JSON that cannot end its element. */
function json(front: readonly Point[], { k, kWeighs }: Pareto, trials: SearchDocument['trials']): string {
  const coefficientsOf = new Map(
    trials.filter(({ stage }) => stage === 'calibration').map(({ number, coefficients }) => [number, coefficients]),
  );
  const list = (values: readonly number[]): string => values.map((value) => fixed(value, 3)).join(', ');
  return JSON.stringify({
    k: k !== null && k > 0 ? k : middle(front, kWeighs),
    kWeighs,
    points: [...front]
      .sort((a, b) => a.trial - b.trial)
      .map(({ trial, tc, iq }) => {
        const found = coefficientsOf.get(trial);
        return {
          trial,
          tc,
          iq,
          coefficients: found === undefined ? '' : `cˣ ${list(found.sample)}; cᵋ ${list(found.noise)}`,
        };
      }),
  }).replaceAll('<', '\\u003c');
}

/** A k at which both terms matter: the ratio of their spreads on the front. */
function middle(front: readonly Point[], kWeighs: Pareto['kWeighs']): number {
  const spread = (of: (point: Point) => number): number => Math.max(...front.map(of)) - Math.min(...front.map(of));
  const [text, quality] = [spread(({ tc }) => tc), spread(({ iq }) => iq)];
  const ratio = kWeighs === 'text' ? quality / text : text / quality;
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
}

/** The values of k at which each candidate has the highest score, in words. */
function winners(front: readonly Point[], kWeighs: Pareto['kWeighs']): ReadonlyMap<number, string> {
  const type = kWeighs === 'text' ? 'jaq-preference-tables' : 'jaq';
  const parts = upperEnvelope(front.map((point) => lineOf(type, point)));
  return new Map(
    parts.map(({ index, from, to }) => [
      front[index]!.trial,
      to === Infinity ? `${significant(from)} and above` : `${significant(from)} to ${significant(to)}`,
    ]),
  );
}
