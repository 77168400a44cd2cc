/**
 * Which coordinates mattered.
 */
import { importancesChart } from '../../charts/importances-chart.js';
import { HALF } from '../../charts/sizes.js';
import type { SearchDocument } from '../../documents/search-document.js';
import { Chart } from '../chart.js';
import { Section, type Place } from '../section.js';

interface Props {
  readonly importances: NonNullable<SearchDocument['importances']>;
  readonly place: Place;
}

/** Nothing without coordinates. */
export const ImportancesSection = ({ importances, place }: Props) =>
  importances.length === 0 ? null : (
    <Section
      place={place}
      name="importances"
      title="Importance of the coordinates"
      lead="The share of the score’s variance over the range that each coordinate explains by itself."
    >
      <Chart draw={(width) => importancesChart(importances, width)} width={HALF} />
    </Section>
  );
