/** Tables as text, Markdown and CSV. */
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { surfaceTable } from '../../cli/text/surface-table.js';
import { tableFormat, tableOf, tableOfTexts, writeTable } from '../../cli/text/table-document.js';

const rows = [
  { name: 'a', value: 1.5 },
  { name: 'say "b", | or c\r\nd', value: null },
];
const document = tableOf<(typeof rows)[number]>(
  [
    { head: 'name', cell: ({ name }) => name },
    { head: 'a, value', cell: ({ value }) => value, numeric: true },
  ],
  rows,
  ['A note.'],
);

describe('a table', () => {
  test('is aligned text with its notes below', () => {
    expect(
      writeTable(
        tableOfTexts([
          ['a', 'long head'],
          ['longer cell', 'b'],
        ]),
      ),
    ).toBe('a            long head\nlonger cell  b');
    expect(writeTable(document).split('\n').slice(-2)).toEqual(['', 'A note.']);
  });

  test('is Markdown, numbers to the right and bars escaped', () => {
    const lines = writeTable(document, 'markdown').split('\n');
    expect(lines.slice(0, 3)).toEqual(['| name | a, value |', '| --- | ---: |', '| a | 1.5 |']);
    expect(lines[3]).toContain('say "b", \\| or c');
    expect(lines.at(-1)).toBe('- A note.');
  });

  test('is CSV that is read back the same, quoted by RFC 4180', () => {
    const csv = writeTable(document, 'csv');
    expect(csv.split('\n')[0]).toBe('name,"a, value"');
    expect(csv).toContain('"say ""b"", | or c\r\nd",');
    expect(parse(csv)).toEqual([
      ['name', 'a, value'],
      ['a', '1.5'],
      [rows[1]!.name, ''],
    ]);
    expect(csv).not.toContain('A note.');
  });

  test('has no other format', () => {
    expect(tableFormat()).toBe('table');
    expect(() => tableFormat('mardown')).toThrow(
      expect.objectContaining({
        message: '--format is "mardown".',
        hint: expect.stringContaining('"markdown"') as string,
      }) as Error,
    );
  });
});

test('a surface has one axis in rows and one in columns, in rising order, and marks its best score', () => {
  const points = [
    { x: 1, y: 0.9, score: 2 },
    { x: 0.9, y: 1, score: null },
    { x: 0.9, y: 0.9, score: 1.25 },
  ];
  expect(writeTable(surfaceTable(points, 'x \\ y', 1)).split('\n')).toEqual([
    'x \\ y  0.9     1.0',
    '0.9    1.250   -',
    '1.0    2.000*  -',
    '',
    '* is the best score.',
  ]);
});
