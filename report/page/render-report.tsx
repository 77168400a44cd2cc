/**
 * A report as a page: the file that `qsched report` writes, and the page that a running qsched serves.
 */
import { renderToString } from 'preact-render-to-string';
import type { ReportDocument } from '../documents/report-document.js';
import { Comparison } from './comparison.js';
import { Contents } from './contents.js';
import { GatePart } from './gate-part.js';
import { SearchPart } from './search-part.js';
import type { Place } from './section.js';
import { renderShell, type ShellOptions } from './shell.js';
import { TablePart } from './table-part.js';

/** What is shown, and how. */
export interface ReportPage {
  readonly document: ReportDocument;
  /** Null for a file; for a served page the address of its events, and of the page above it if there is one. */
  readonly live: ShellOptions['live'];
  /** What {@link renderParts} made of it, if that is known already. */
  readonly main?: string;
}

/** One self-contained HTML file, which reaches no network. */
export const renderReport = (document: ReportDocument): string => renderPage({ document, live: null });

/** The same as a file, or as a page that follows events. */
export function renderPage({ document, live, main = renderParts(document) }: ReportPage): string {
  const { parts, release, writtenAt } = document;
  const names = parts.map((part) => (part.kind === 'search' ? `${part.model} ${part.precision}` : part.name));
  return renderShell(main, {
    title: `${names.join(', ')} - qsched`,
    kind: 'report',
    live,
    foot: `qsched ${release}, ${writtenAt.slice(0, 16).replace('T', ' ')} UTC`,
  });
}

/** The inner HTML of `<main>`: what a served page replaces when there is something new. */
export function renderParts({ parts }: ReportDocument): string {
  return renderToString(
    <>
      <Contents parts={parts} />
      <div class="parts">
        {parts.length > 1 ? <Comparison parts={parts} /> : null}
        {parts.map((part, i) => {
          const place: Place = { part: `p${i + 1}`, level: parts.length > 1 ? 2 : 1 };
          if (part.kind === 'search') return <SearchPart search={part} place={place} />;
          if (part.kind === 'gate') return <GatePart gate={part} place={place} />;
          return <TablePart table={part} place={place} />;
        })}
      </div>
    </>,
  );
}
