/**
 * Follows a running search: the server sends the page's parts anew whenever something is recorded.
 *
 * Events: `parts`, whose data is the inner HTML of `<main>`; `end`, when nothing will change any more. A connection that
 * breaks is made again.
 */
import { replaceParts } from './replace-parts.js';

const AGAIN_MILLISECONDS = 2000;

/** @param address of the events. @param enhance is called with every section that was replaced */
export function followEvents(address: string, enhance: (within: ParentNode) => void): void {
  const state = document.querySelector('.connection');
  const tell = (name: 'live' | 'lost' | 'ended', words: string): void => {
    document.body.dataset['connection'] = name;
    if (state !== null && state.textContent !== words) state.textContent = words;
  };
  const connect = (): void => {
    const source = new EventSource(address);
    source.addEventListener('open', () => tell('live', 'Live'));
    source.addEventListener('parts', (event: MessageEvent<string>) => replaceParts(event.data, enhance));
    source.addEventListener('end', () => {
      source.close();
      tell('ended', 'Finished');
    });
    source.addEventListener('error', () => {
      tell('lost', 'Connection lost; trying again');
      // A browser tries again by itself after a broken connection, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MILLISECONDS);
    });
  };
  connect();
}
