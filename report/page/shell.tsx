/**
 * The page around a report: one file with its style and script inside, and a Content-Security-Policy that names them.
 */
import { renderToString } from 'preact-render-to-string';
import { shown } from '../charts/shown.js';
import { contentSecurityPolicy, pageAssets } from './assets.js';

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%230b5c8a'/%3E%3Cpath d='M3 11 6 6l3 3 4-6' fill='none' stroke='white' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E";

/** How a page is shown. */
export interface ShellOptions {
  readonly title: string;
  /** What stands beside "qsched" at the top. */
  readonly kind: string;
  /** A page that is served: the address of its events, and of the page above it if there is one. */
  readonly live: { readonly events: string; readonly home?: string } | null;
  /** One line at the end. */
  readonly foot: string;
}

/**
 * @param main inner HTML of `<main>`, already escaped
 * @returns a whole page of HTML
 */
export function renderShell(main: string, { title, kind, live, foot }: ShellOptions): string {
  const { script, style } = pageAssets();
  const brand = (
    <>
      <strong>qsched</strong> {kind}
    </>
  );
  const page = renderToString(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={contentSecurityPolicy(live !== null)} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>{shown(title)}</title>
        <link rel="icon" href={ICON} />
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body data-events={live?.events}>
        <a class="skip" href="#main">
          Skip to the report
        </a>
        <header class="top">
          <p class="brand">{live?.home === undefined ? brand : <a href={live.home}>{brand}</a>}</p>
          {live === null ? null : <p class="connection" role="status" />}
        </header>
        <main id="main" tabIndex={-1} dangerouslySetInnerHTML={{ __html: main }} />
        <footer>
          <p>{shown(foot)}</p>
        </footer>
        <script dangerouslySetInnerHTML={{ __html: script }} />
      </body>
    </html>,
  );
  return `<!doctype html>\n${page}\n`;
}
