/**
 * An image of a report, or why it is not here.
 */
import { PNG_SIGNATURE, pngWidth } from './png-size.js';
import { beginning, shown } from '../charts/shown.js';
import type { ImageSource } from '../documents/values.js';
import { Text } from './text.js';

/** Images up to this width are shown with square pixels. */
const SMALL = 160;

/** Characters of a prompt that are read out with its image. */
const MOST_IN_ALT = 150;

interface ImageProps {
  readonly source: ImageSource;
  /** `identity`, `calibrated`, `reference`, or the name of a row. */
  readonly kind: string;
  readonly label: string;
  readonly prompt: string;
}

/** With its label below it. */
export function Image({ source, kind, label, prompt }: ImageProps) {
  if ('missing' in source) {
    return (
      <figure class={`image ${kind}`}>
        <div class="missing" role="note">
          <Text>{source.missing}</Text>
        </div>
        <figcaption>{label}</figcaption>
      </figure>
    );
  }
  const { src } = source;
  const width = src.startsWith(PNG_SIGNATURE) ? pngWidth(src) : null;
  return (
    <figure class={`image ${kind}`}>
      <img
        src={src}
        alt={`${label}: ${beginning(shown(prompt), MOST_IN_ALT)}`}
        class={width !== null && width <= SMALL ? 'small' : undefined}
        data-size={width === null ? 'unknown' : undefined}
        decoding="async"
      />
      <figcaption>{label}</figcaption>
    </figure>
  );
}
