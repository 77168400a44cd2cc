/**
 * Text that users wrote: shown as it is, in its own direction, and short until it is opened.
 */
import { beginning, shown } from '../charts/shown.js';

const MOST_CHARACTERS = 180;

/** Any text from outside, within a line. */
export const Text = ({ children }: { readonly children: string }) => <bdi>{shown(children)}</bdi>;

/** A prompt; one that is long opens. */
export function Prompt({ children }: { readonly children: string }) {
  const text = shown(children);
  const start = beginning(text, MOST_CHARACTERS);
  if (text.trim() === '') return <span class="prompt empty">(empty prompt)</span>;
  if (start === text) {
    return (
      <span class="prompt" dir="auto">
        {text}
      </span>
    );
  }
  return (
    <details class="prompt">
      <summary>
        <span dir="auto">{start}</span> <small>whole prompt</small>
      </summary>
      <p dir="auto">{text}</p>
    </details>
  );
}
