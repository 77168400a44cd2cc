/**
 * A chart on the page: wide and narrow, with its legend and a table for who reads rather than looks.
 */
import type { ComponentChildren } from 'preact';
import { NARROW, WIDE } from '../charts/sizes.js';

const svg = (text: string): { __html: string } => ({ __html: text });

interface FigureProps {
  /** Draws the chart at a width in pixels; null where there is nothing to draw. */
  readonly draw: (width: number) => string | null;
  /** One width only, for charts that are narrow everywhere. */
  readonly width?: number;
  readonly caption?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** A chart; nothing where there is nothing to draw. */
export function Chart({ draw, width, caption, children }: FigureProps) {
  const drawings = width === undefined ? [draw(WIDE), draw(NARROW)] : [draw(width)];
  if (drawings[0] === null) return null;
  return (
    <figure class="chart">
      {drawings.map((text, i) => (
        <div
          class={drawings.length === 1 ? 'drawing' : i === 0 ? 'drawing wide' : 'drawing narrow'}
          dangerouslySetInnerHTML={svg(text ?? '')}
        />
      ))}
      {caption === undefined ? null : <figcaption>{caption}</figcaption>}
      {children}
    </figure>
  );
}

/** A drawing in a line or a cell. */
export const Inline = ({ svg: text }: { readonly svg: string }) => (
  <span class="inline-chart" dangerouslySetInnerHTML={svg(text)} />
);

/** Marks of a legend; each is a class of the style. */
type Mark =
  'finalist' | 'second' | 'baseline' | 'raced' | 'best' | 'failed' | 'chosen' | 'runtime' | 'rest' | `stage-${number}`;

/** What the marks of a chart mean. */
export const Legend = ({ of }: { readonly of: readonly (readonly [Mark, string])[] }) => (
  <ul class="legend">
    {of.map(([mark, words]) => (
      <li>
        <span class={`key ${mark}`} aria-hidden="true" />
        {words}
      </li>
    ))}
  </ul>
);
