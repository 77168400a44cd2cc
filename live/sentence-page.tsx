/**
 * A page that says one sentence: nothing was found, or a request was refused.
 */
import { render } from 'preact-render-to-string';
import { RELEASE } from '../contract/release.js';
import { renderShell } from '../report/page/shell.js';

/**
 * @param sentence shown as text, whatever it holds
 * @param events where it learns that there is something to show after all
 */
export function sentencePage(title: string, sentence: string, events: string | null = null): string {
  const main = render(
    <section id="sentence">
      <h1>{title}</h1>
      <p>{sentence}</p>
      <p>
        <a href="/">All searches and tables</a>
      </p>
    </section>,
  );
  const live = events === null ? null : { events, home: '/' };
  return renderShell(main, { title: `${title} - qsched`, kind: 'live', live, foot: `qsched ${RELEASE}` });
}
