/**
 * What the scores look like over the search space.
 */
import { fixed, significant } from '../../charts/numbers.js';
import { scaleChart } from '../../charts/scale-chart.js';
import { HALF, THIRD } from '../../charts/sizes.js';
import { surfaceChart, surfaceScale } from '../../charts/surface-chart.js';
import type { SearchDocument } from '../../documents/search-document.js';
import { Chart, Inline } from '../chart.js';
import { Section, type Place } from '../section.js';

type Surface = NonNullable<SearchDocument['surface']>;

/** Maps are drawn once: a live page shows the same ones while the rest of it changes. */
const drawn = new WeakMap<Surface['slices'][number], string>();

/** One heat map per pair of coordinates, on one scale. */
export function SurfaceSection({ surface, place }: { readonly surface: Surface; readonly place: Place }) {
  const { kind, slices, note } = surface;
  const scale = surfaceScale(surface);
  if (scale === null) return null;
  const held = slices.some((slice) => Object.keys(slice.held).length > 0);
  return (
    <Section
      place={place}
      name="surface"
      title="Surface"
      lead={
        <>
          {kind === 'grid'
            ? 'The scores of the grid.'
            : 'The mean of a Gaussian process fitted to the scores; it is a guess where there are no dots.'}{' '}
          Dots are candidates, the line joins every new best; ◎ is the finalist, ✕ the baseline.
          {held ? ' Coordinates that a map does not show are held at the finalist.' : ''}
          {note === null ? '' : ` ${note}`}
        </>
      }
    >
      <div class={slices.length > 2 ? 'maps three' : 'maps'}>
        {slices.map((slice) => (
          <Chart
            draw={(width) => {
              const map = drawn.get(slice) ?? surfaceChart(slice, scale, width);
              drawn.set(slice, map);
              return map;
            }}
            width={slices.length > 2 ? THIRD : HALF}
            caption={
              Object.keys(slice.held).length === 0
                ? undefined
                : Object.entries(slice.held)
                    .map(([name, value]) => `${name} = ${significant(value, 4)}`)
                    .join(', ')
            }
          />
        ))}
      </div>
      <p class="scale">
        <Inline svg={scaleChart(scale, HALF)} />
        <span class="hidden">
          Scores from {fixed(scale.low)} to {fixed(scale.high)}.
        </span>
      </p>
    </Section>
  );
}
