/**
 * The pairs of images that are furthest apart: what each row changed most.
 */
import { fixed } from '../../charts/numbers.js';
import type { TableDocument } from '../../documents/table-document.js';
import { Image } from '../image.js';
import { Section, SubHeading, type Place } from '../section.js';
import { Prompt, Text } from '../text.js';

type Worst = TableDocument['worst'][number];

/** Nothing for a table without pairwise scores. */
export function WorstPairs({ worst, place }: { readonly worst: readonly Worst[]; readonly place: Place }) {
  return worst.length === 0 ? null : (
    <Section
      place={place}
      name="worst-pairs"
      title="Furthest from full precision"
      lead="Pairs of images of the same prompt and seed that differ most. A pairwise score says how far two images are apart, not which is better."
    >
      {worst.map(({ row, score, better, pairs }) => (
        <>
          <SubHeading place={place}>
            <Text>{`${row}: ${better === 'higher' ? 'lowest' : 'highest'} ${score}`}</Text>
          </SubHeading>
          <ol class="triples">
            {pairs.map(({ prompt, seed, value, reference, candidate }) => (
              <li class="triple">
                <div class="about">
                  <p class="facts-line">
                    <span class="seed">
                      {score} {fixed(value, score === 'psnr' ? 2 : 4)}
                    </span>
                    <span class="seed">seed {seed}</span>
                  </p>
                  <Prompt>{prompt}</Prompt>
                </div>
                <div class="views many">
                  <Image source={reference} kind="row" label="full precision" prompt={prompt} />
                  <Image source={candidate} kind="row" label={row} prompt={prompt} />
                </div>
              </li>
            ))}
          </ol>
        </>
      ))}
    </Section>
  );
}
