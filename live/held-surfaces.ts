/**
 * Documents of searches that run, whose surface is some seconds old: fitting and drawing it takes several times as long as
 * everything else on the page.
 */
import type { Store } from '../db/open-store.js';
import type { SearchDocument } from '../report/documents/search-document.js';
import type { ImagePlace } from '../report/data/image-sources.js';
import { searchDocument } from '../report/data/search-data.js';

/** A surface is made anew after this time, and when the search ends. */
const HELD_MILLISECONDS = 8000;

/** What is held of a search, since when (milliseconds of `performance.now`). */
interface Held extends Pick<SearchDocument, 'surface' | 'importances'> {
  readonly since: number;
}

/** @returns `searchDocument` with this place of images */
export function holdSurfaces(place: ImagePlace): (store: Store, id: string) => SearchDocument {
  const all = new Map<string, Held>();

  function fresh(store: Store, id: string): SearchDocument {
    const document = searchDocument(store, id, place);
    const { status, surface, importances } = document;
    all.delete(id);
    if (status === 'running' && surface !== null) all.set(id, { since: performance.now(), surface, importances });
    return document;
  }

  return (store, id) => {
    const held = all.get(id);
    if (held === undefined || performance.now() - held.since > HELD_MILLISECONDS) return fresh(store, id);
    const document = searchDocument(store, id, { ...place, held });
    return document.status === 'running' ? document : fresh(store, id);
  };
}
