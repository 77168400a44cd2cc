/**
 * Text from outside as a page shows it.
 */

/** Unicode has a symbol for each of the first 32 control characters, from here on. */
const SYMBOLS = 0x2400;

/** Control characters as their symbols (a null byte is shown as U+2400), but for line ends and tabs. */
export const shown = (text: string): string =>
  text.replace(/(?![\t\n\r])\p{Cc}/gu, (control) => {
    const code = control.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(SYMBOLS + code) : code === 0x7f ? '\u2421' : '\ufffd';
  });

/** The beginning of a text in at most `most` characters as people count them; the whole text if it is no longer. */
export function beginning(text: string, most: number): string {
  // Cutting first keeps a text of a million characters cheap; a character of people is at most a few code points.
  const parts = [...new Intl.Segmenter().segment(text.slice(0, most * 16))].map(({ segment }) => segment);
  if (parts.length <= most && text.length <= most * 16) return text;
  const start = parts.slice(0, most - 1).join('');
  return `${start.trimEnd()}…`;
}
