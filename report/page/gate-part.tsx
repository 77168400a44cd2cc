/**
 * A gate: its verdict, its scores against their limits, and the worst prompts with both images.
 */
import { intervalChart, intervalDomain } from '../charts/interval-chart.js';
import { ends, fixed, signed } from '../charts/numbers.js';
import type { GateDocument } from '../documents/gate-document.js';
import { Inline } from './chart.js';
import { Facts, State } from './facts.js';
import { Image } from './image.js';
import { Heading, Section, type Place } from './section.js';
import { ProvenanceSection } from './sections/provenance.js';
import { Table } from './table.js';
import { Prompt, Text } from './text.js';

type Score = GateDocument['scores'][number];

const number = ({ kind }: Score, value: number | null): string =>
  kind === 'pointwise' ? signed(value, 3) : fixed(value, 3);

export function GatePart({ gate, place }: { readonly gate: GateDocument; readonly place: Place }) {
  const { id, name, status, message, verdict, reason, provenance, command } = gate;
  return (
    <article class="gate-part">
      <section id={`${place.part}-head`} class="head" aria-label="What was compared">
        <Heading level={place.level}>
          <Text>{name}</Text>
        </Heading>
        <Facts of={[['gate', id], ...(verdict === null ? [] : ([['verdict', verdict]] as const))]} />
        <State status={status} message={message} />
        {reason === '' ? null : (
          <p class="lead">
            <Text>{reason}</Text>
          </p>
        )}
      </section>
      <Scores gate={gate} place={place} />
      <Worst gate={gate} place={place} />
      <ProvenanceSection provenance={provenance} command={command} next={[]} place={place} />
    </article>
  );
}

function Scores({ gate: { name, scores, notes }, place }: { readonly gate: GateDocument; readonly place: Place }) {
  return scores.length === 0 ? null : (
    <Section
      place={place}
      name="scores"
      title="Scores"
      lead="Candidate minus reference, or the score of both images; right of the line is within the margin."
    >
      <Table
        label={name}
        rows={scores}
        columns={[
          { head: 'score', cell: ({ name: score }) => <Text>{score}</Text> },
          { head: 'reference', cell: ({ reference }) => fixed(reference, 3), numeric: true },
          { head: 'candidate', cell: ({ candidate }) => fixed(candidate, 3), numeric: true },
          {
            head: 'estimate',
            cell: (score) => (
              <>
                {number(score, score.estimate.value)}
                {ends(score.estimate, 3, score.kind === 'pointwise' ? signed : fixed) === null ? null : (
                  <small class="ends">{ends(score.estimate, 3, score.kind === 'pointwise' ? signed : fixed)}</small>
                )}
              </>
            ),
            numeric: true,
          },
          {
            head: 'must be',
            cell: (score) => `${score.better === 'higher' ? 'above' : 'below'} ${number(score, score.limit)}`,
            numeric: true,
          },
          {
            head: 'against its margin',
            cell: ({ name: score, distance }) => (
              <Inline
                svg={intervalChart(`Distance of ${score} from its margin`, distance, intervalDomain([distance]))}
              />
            ),
          },
          { head: '', cell: ({ state }) => (state === 'open' ? 'undecided' : state) },
        ]}
      />
      <ul class="sentences">
        {notes.map((note) => (
          <li>
            <Text>{note}</Text>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Worst({ gate: { worst, imageNote, scores }, place }: { readonly gate: GateDocument; readonly place: Place }) {
  return worst.length === 0 ? null : (
    <Section
      place={place}
      name="worst"
      title="Worst prompts"
      lead={`Where the candidate lost most, score by score.${imageNote === null ? '' : ` ${imageNote}`}`}
    >
      <ol class="triples">
        {worst.map(({ score, prompt, seed, value, reference, candidate }) => {
          const own = scores.find(({ name }) => name === score);
          return (
            <li class="triple">
              <div class="about">
                <p class="facts-line">
                  <Text>{`${score} ${own === undefined ? fixed(value, 3) : number(own, value)}`}</Text>{' '}
                  <span class="seed">seed {seed}</span>
                </p>
                <Prompt>{prompt}</Prompt>
              </div>
              <div class="views many">
                <Image source={reference} kind="row" label="reference" prompt={prompt} />
                <Image source={candidate} kind="row" label="candidate" prompt={prompt} />
              </div>
            </li>
          );
        })}
      </ol>
    </Section>
  );
}
