/**
 * Follows what is served: the server sends the page's parts anew whenever something is recorded.
 *
 * Events: `parts`, whose data is the inner HTML of `<main>` and whose id is the version that it shows; `beat`, when nothing
 * happens for a while. A connection that breaks is made again, and says which version is shown. A page that nobody sees
 * lets go of its connection: browsers allow six of them per server.
 */
import { replaceParts } from './replace-parts.js';

const AGAIN_MILLISECONDS = 2000;
/** The server sends a beat every 15 s; a connection that is silent for longer is gone, even if the browser has not noticed. */
const SILENT_MILLISECONDS = 40_000;

/** @param address of the events. @param enhance is called with every section that was replaced */
export function followEvents(address: string, enhance: (within: ParentNode) => void): void {
  const state = document.querySelector('.connection');
  const events = new URL(address, location.href);
  let source: EventSource | undefined;
  let timer: number | undefined;

  const tell = (name: 'live' | 'lost', words: string): void => {
    document.body.dataset['connection'] = name;
    if (state !== null && state.textContent !== words) state.textContent = words;
  };
  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };
  const connect = (): void => {
    close();
    if (document.hidden) return;
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(connect, SILENT_MILLISECONDS);
    };
    source = new EventSource(events);
    source.addEventListener('open', () => {
      tell('live', 'Live');
      alive();
    });
    source.addEventListener('beat', alive);
    source.addEventListener('parts', ({ data, lastEventId }: MessageEvent<string>) => {
      alive();
      replaceParts(data, enhance);
      events.searchParams.set('seen', lastEventId);
    });
    source.addEventListener('error', () => {
      tell('lost', 'Connection lost; trying again');
      clearTimeout(timer);
      // A browser tries again by itself after a broken connection, but not after a refusal.
      timer = setTimeout(connect, source?.readyState === EventSource.CLOSED ? AGAIN_MILLISECONDS : SILENT_MILLISECONDS);
    });
  };
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : connect()));
  connect();
}
