/**
 * A table that is wider than its terminal: the widest columns are wrapped at spaces, never within a word.
 */

/** Widths that add up to at most `room`: the widest columns shrink, down to their longest word. Null if that is too wide. */
export function fitWidths(rows: readonly (readonly string[])[], room: number): number[] | null {
  const widest = (pieces: (cell: string) => readonly string[]): number[] =>
    rows[0]!.map((_, column) => Math.max(...rows.flatMap((row) => pieces(row[column]!).map(({ length }) => length))));
  const widths = widest((cell) => cell.split('\n'));
  const least = widest((cell) => cell.split(/\s/));
  for (let over = sum(widths) - room; over > 0; over -= 1) {
    const spare = widths.map((width, column) => (width > least[column]! ? width : 0));
    const column = spare.indexOf(Math.max(...spare));
    if (spare[column] === 0) return null;
    widths[column]! -= 1;
  }
  return widths;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The lines of a cell, broken at spaces. @param width at least that of its longest word */
export const wrapCell = (text: string, width: number): string[] =>
  text.split('\n').flatMap((paragraph) => {
    const lines = [''];
    for (const word of paragraph.split(' ')) {
      const longer = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`;
      if (longer.length <= width) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  });
