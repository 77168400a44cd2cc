/**
 * Draws a topic from the database: the pages of the report, and the list of all of them.
 */
import { render } from 'preact-render-to-string';
import { RELEASE } from '../contract/release.js';
import type { Store } from '../db/open-store.js';
import type { ImagePlace } from '../report/data/image-sources.js';
import { reportOf } from '../report/data/report-data.js';
import { searchDocument } from '../report/data/search-data.js';
import { tableDocument } from '../report/data/table-data.js';
import { renderPage, renderParts } from '../report/page/render-report.js';
import { renderShell } from '../report/page/shell.js';
import { listData } from './list-data.js';
import { ListMain } from './list-page.js';
import type { Draw, Drawing } from './pages.js';
import type { Topic } from './topics.js';

/** @param folder the artefact folder; images are shown by their addresses here */
export function drawFrom(folder: string): Draw {
  const place: ImagePlace = { folder, images: 'addresses' };
  return (store, topic) => (topic.kind === 'list' ? drawList(store) : drawPart(store, topic, place));
}

function drawList(store: Store): Drawing {
  const main = render(<ListMain {...listData(store)} />);
  const shell = { title: 'qsched', kind: 'live', foot: `qsched ${RELEASE}` };
  return { main, page: (events) => renderShell(main, { ...shell, live: { events } }) };
}

function drawPart(store: Store, { kind, id }: Exclude<Topic, { kind: 'list' }>, place: ImagePlace): Drawing {
  const part = kind === 'search' ? searchDocument(store, id, place) : tableDocument(store, id, place);
  const document = reportOf([part], new Date());
  const main = renderParts(document);
  return { main, page: (events) => renderPage({ document, main, live: { events, home: '/' } }) };
}
