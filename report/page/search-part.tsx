/**
 * A search, from its verdict to its provenance.
 */
import type { SearchDocument } from '../documents/search-document.js';
import { Head } from './sections/head.js';
import { HistorySection } from './sections/history.js';
import { ImagesSection } from './sections/images.js';
import { ImportancesSection } from './sections/importances.js';
import { ParetoSection } from './sections/pareto.js';
import { PromptsSection } from './sections/prompts.js';
import { ProvenanceSection } from './sections/provenance.js';
import { ScheduleSection } from './sections/schedule.js';
import { SurfaceSection } from './sections/surface.js';
import { TimelineSection } from './sections/timeline.js';
import { VerdictSection } from './sections/verdict.js';
import type { Place } from './section.js';

/** Sections that have nothing to say yet are left out. */
export function SearchPart({ search, place }: { readonly search: SearchDocument; readonly place: Place }) {
  const { verdict, schedule, trials, baseline, surface, prompts, images, imageNote, pareto, importances, timeline } =
    search;
  const { provenance, command, next } = search;
  return (
    <article class="search">
      <Head search={search} place={place} />
      {verdict === null ? null : <VerdictSection verdict={verdict} place={place} />}
      <ImagesSection images={images} note={imageNote} place={place} />
      <ScheduleSection schedule={schedule} place={place} />
      <HistorySection trials={trials} baseline={baseline} place={place} />
      {surface === null ? null : <SurfaceSection surface={surface} place={place} />}
      <PromptsSection prompts={prompts} place={place} />
      {pareto === null ? null : <ParetoSection pareto={pareto} trials={trials} place={place} />}
      {importances === null ? null : <ImportancesSection importances={importances} place={place} />}
      <TimelineSection timeline={timeline} place={place} />
      <ProvenanceSection provenance={provenance} command={command} next={next} place={place} />
    </article>
  );
}
