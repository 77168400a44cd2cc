/**
 * Images of the same prompt and seed under the baseline, the finalist and the full-precision network.
 */
import { counted, signed } from '../../charts/numbers.js';
import type { SearchDocument } from '../../documents/search-document.js';
import { Image } from '../image.js';
import { Section, type Place } from '../section.js';
import { Prompt } from '../text.js';

type Triple = SearchDocument['images'][number];

const CHOSEN: Readonly<Record<Triple['chosen'], string>> = {
  best: 'among the best',
  worst: 'among the worst',
  between: 'between',
};

/** How many prompts are shown before the rest is opened. */
const FIRST = 4;

interface Props {
  readonly images: readonly Triple[];
  readonly note: string | null;
  readonly place: Place;
}

/** Nothing before there are images. */
export function ImagesSection({ images, note, place }: Props) {
  if (images.length === 0) return null;
  const sources = images.flatMap(({ identity, calibrated, reference }) => [
    identity,
    calibrated,
    ...(reference ? [reference] : []),
  ]);
  const shown = arranged(images);
  const missing = sources.filter((source) => 'missing' in source).length;
  return (
    <Section
      place={place}
      name="images"
      title="Images"
      lead={
        <>
          The same prompt and seed under the baseline and the finalist
          {images.some(({ reference }) => reference !== null) ? ', and from the full-precision network' : ''}. These
          prompts were held out: neither the search nor the selection used them.
          {note === null ? '' : ` ${note}`}
          {missing > 0 ? ` ${counted(missing, 'image')} of ${sources.length} cannot be shown here: each says why.` : ''}
        </>
      }
    >
      <Rows triples={shown.slice(0, FIRST)} from={1} place={place} />
      {images.length > FIRST ? (
        <details class="numbers">
          <summary>{counted(images.length - FIRST, 'more prompt')}</summary>
          <Rows triples={shown.slice(FIRST)} from={FIRST + 1} place={place} />
        </details>
      ) : null}
    </Section>
  );
}

/** Which two of the three images the divider is between: by the kinds of their figures. */
const PAIRS = [
  ['identity', 'calibrated', 'baseline and finalist'],
  ['calibrated', 'reference', 'finalist and full precision'],
  ['identity', 'reference', 'baseline and full precision'],
] as const;

const Compared = ({ id }: { readonly id: string }) => (
  <select id={id} aria-label="Images that the divider is between">
    {PAIRS.map(([before, after, words]) => (
      <option value={`${before} ${after}`}>{words}</option>
    ))}
  </select>
);

/** Two of the best and two of the worst first, then the others from the best to the worst. */
function arranged(images: readonly Triple[]): Triple[] {
  const sorted = [...images].sort((a, b) => (b.gain ?? 0) - (a.gain ?? 0));
  const best = sorted.filter(({ chosen }) => chosen === 'best').slice(0, FIRST / 2);
  const worst = sorted.filter(({ chosen }) => chosen === 'worst').slice(-FIRST / 2);
  const first = [...best, ...worst];
  return [...first, ...sorted.filter((one) => !first.includes(one))];
}

interface RowsProps {
  readonly triples: readonly Triple[];
  readonly from: number;
  readonly place: Place;
}

const Rows = ({ triples, from, place }: RowsProps) => (
  <ol class="triples" start={from}>
    {triples.map((triple, i) => (
      <ImageRow {...triple} id={`${place.part}-image-${from + i}`} />
    ))}
  </ol>
);

function ImageRow({
  prompt,
  seed,
  chosen,
  gain,
  identity,
  calibrated,
  reference,
  id,
}: Triple & { readonly id: string }) {
  return (
    <li class="triple">
      <div class="about">
        <p class="facts-line">
          {gain === null ? null : <span class={`value ${gain > 0 ? 'up' : 'down'}`}>{signed(gain, 3)}</span>}
          <span class={`badge ${chosen}`}>{CHOSEN[chosen]}</span>
          <span class="seed">seed {seed}</span>
        </p>
        <Prompt>{prompt}</Prompt>
      </div>
      <div class="views">
        <div class="compare" data-compare hidden>
          {reference === null ? null : <Compared id={`${id}-of`} />}
          <div class="stage" aria-hidden="true" />
          <input type="range" id={id} min="0" max="100" value="50" aria-label="Divider between baseline and finalist" />
          <p aria-hidden="true">
            <span>baseline</span>
            <span>finalist</span>
          </p>
        </div>
        <Image source={identity} kind="identity" label="baseline" prompt={prompt} />
        <Image source={calibrated} kind="calibrated" label="finalist" prompt={prompt} />
        {reference === null ? null : (
          <Image source={reference} kind="reference" label="full precision" prompt={prompt} />
        )}
      </div>
    </li>
  );
}
