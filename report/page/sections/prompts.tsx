/**
 * The held-out gain of every prompt, with the worst and the best ones named.
 */
import { counted, fixed, signed } from '../../charts/numbers.js';
import { promptGainsChart } from '../../charts/prompt-gains-chart.js';
import type { SearchDocument } from '../../documents/search-document.js';
import { Chart } from '../chart.js';
import { Section, SubHeading, type Place } from '../section.js';
import { Numbers } from '../table.js';
import { Prompt, Text } from '../text.js';

type PromptGain = SearchDocument['prompts'][number];

/** How many prompts are named at either end. */
const NAMED = 3;

/** Nothing before the finalist is confirmed. */
export function PromptsSection({ prompts, place }: { readonly prompts: readonly PromptGain[]; readonly place: Place }) {
  const scorers = [...new Set(prompts.map(({ scorer }) => scorer))];
  const [own, ...others] = scorers;
  if (own === undefined) return null;
  const of = (scorer: string): PromptGain[] => prompts.filter((one) => one.scorer === scorer);
  const gains = of(own);
  const better = gains.filter(({ gain }) => gain > 0).length;
  return (
    <Section
      place={place}
      name="prompts"
      title="Prompts"
      lead={
        <>
          {counted(better, 'held-out prompt')} of {gains.length} {better === 1 ? 'gains' : 'gain'} in <Text>{own}</Text>
          ; each bar is the mean over a prompt’s seeds.
        </>
      }
    >
      <Gains gains={gains} />
      <div class="beside">
        <Named title="Best" gains={extremes(gains, 1)} place={place} />
        <Named title="Worst" gains={extremes(gains, -1)} place={place} />
      </div>
      {others.map((scorer) => (
        <details class="scorer">
          <summary>
            <Text>{scorer}</Text>
          </summary>
          <Gains gains={of(scorer)} />
        </details>
      ))}
    </Section>
  );
}

const Gains = ({ gains }: { readonly gains: readonly PromptGain[] }) => (
  <Chart draw={(width) => promptGainsChart(gains, width)}>
    <Numbers
      title="All prompts"
      label="Gain per prompt"
      rows={[...gains].sort((a, b) => b.gain - a.gain)}
      columns={[
        { head: '#', cell: ({ position }) => position, numeric: true },
        { head: 'gain', cell: ({ gain }) => signed(gain), numeric: true },
        { head: 'baseline', cell: ({ baseline }) => fixed(baseline), numeric: true },
        { head: 'finalist', cell: ({ finalist }) => fixed(finalist), numeric: true },
        { head: 'prompt', cell: ({ prompt }) => <Prompt>{prompt}</Prompt> },
      ]}
    />
  </Chart>
);

interface NamedProps {
  readonly title: string;
  readonly gains: readonly PromptGain[];
  readonly place: Place;
}

const Named = ({ title, gains, place }: NamedProps) => (
  <div class="named">
    <SubHeading place={place}>{title}</SubHeading>
    <ol>
      {gains.map(({ position, prompt, gain }) => (
        <li>
          <span class={`value ${gain > 0 ? 'up' : 'down'}`}>{signed(gain, 3)}</span>
          <span class="position">#{position}</span>
          <Prompt>{prompt}</Prompt>
        </li>
      ))}
    </ol>
  </div>
);

const extremes = (gains: readonly PromptGain[], sign: 1 | -1): PromptGain[] =>
  [...gains].sort((a, b) => sign * (b.gain - a.gain)).slice(0, NAMED);
