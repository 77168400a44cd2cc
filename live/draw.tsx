/**
 * Draws a topic from the database: the pages of the report, and the list of all of them.
 */
import { render } from 'preact-render-to-string';
import { RELEASE } from '../contract/release.js';
import type { Store } from '../db/open-store.js';
import { tablePrompts } from '../inference/prompts/table-prompts.js';
import type { ImagePlace } from '../report/data/image-sources.js';
import { reportOf } from '../report/data/report-data.js';
import { runDocument } from '../report/data/run-data.js';
import type { ReportDocument } from '../report/documents/report-document.js';
import { renderPage, renderParts } from '../report/page/render-report.js';
import { renderShell } from '../report/page/shell.js';
import { holdSurfaces } from './held-surfaces.js';
import { listData } from './list-data.js';
import { ListMain } from './list-page.js';
import type { Draw, Drawing } from './pages.js';

/** @param folder the artefact folder; images are shown by their addresses here */
export function drawFrom(folder: string): Draw {
  const place: ImagePlace = { folder, images: 'addresses' };
  const searchOf = holdSurfaces(place);
  return (store, topic) => {
    switch (topic.kind) {
      case 'list':
        return drawList(store);
      case 'search':
        return drawPart(searchOf(store, topic.id));
      case 'table':
        return drawPart(runDocument(store, topic.id, { ...place, textsOf: tablePrompts }));
    }
  };
}

function drawList(store: Store): Drawing {
  const main = render(<ListMain {...listData(store)} />);
  const shell = { title: 'qsched', kind: 'live', foot: `qsched ${RELEASE}` };
  return { main, page: (events) => renderShell(main, { ...shell, live: { events } }) };
}

function drawPart(part: ReportDocument['parts'][number]): Drawing {
  const document = reportOf([part], new Date());
  const main = renderParts(document);
  return { main, page: (events) => renderPage({ document, main, live: { events, home: '/' } }) };
}
