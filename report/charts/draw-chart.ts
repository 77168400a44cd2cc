/**
 * Draws a chart of Observable Plot as SVG text, in a document that is no browser's. Colours are CSS variables of the
 * page, so that a chart follows dark mode. It has no inline style: the page's Content-Security-Policy refuses those.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { joinDots } from './join-dots.js';
import { shown } from './shown.js';

/** What a chart is called, and what it says to somebody who cannot see it. */
export interface ChartWords {
  readonly title: string;
  readonly description: string;
}

/** The parts of a DOM element that charts touch. */
export interface ChartElement {
  readonly outerHTML: string;
  querySelectorAll(selector: string): Iterable<ChartElement>;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
  prepend(child: ChartElement): void;
  textContent: string | null;
}

interface ChartDocument {
  createElementNS(namespace: string, name: string): ChartElement;
}

const { document } = parseHTML('<!doctype html><html><body></body></html>') as unknown as { document: ChartDocument };

/** Attributes that hold coordinates, which need no more than hundredths of a pixel. */
const COORDINATES = / (d|cx|cy|x|y|x1|x2|y1|y2|width|height|transform)="[^"]*"/g;

/**
 * @param words title and description; what is shown of them is escaped
 * @param options of `Plot.plot`
 * @param finish changes the drawing before it is written, such as by attributes that a script reads
 * @returns one `<svg role="img">`, at most `options.width` pixels wide
 */
export function drawChart(
  { title, description }: ChartWords,
  options: Plot.PlotOptions,
  finish: (svg: ChartElement) => void = () => {},
): string {
  const svg = Plot.plot({
    ...options,
    className: 'plot',
    document: document as unknown as NonNullable<Plot.PlotOptions['document']>,
  }) as unknown as ChartElement;
  for (const style of svg.querySelectorAll('style')) style.remove();
  finish(svg);
  for (const name of ['aria-label', 'aria-description']) {
    for (const labelled of svg.querySelectorAll(`[${name}]`)) labelled.removeAttribute(name);
  }
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', shown(title));
  const text = document.createElementNS('http://www.w3.org/2000/svg', 'desc');
  text.textContent = shown(description);
  svg.prepend(text);
  const rounded = svg.outerHTML.replace(COORDINATES, (attribute) =>
    attribute.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100)),
  );
  return joinDots(rounded);
}
