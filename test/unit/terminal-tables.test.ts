/** Tables on terminals of any width, and colour where it belongs. */
import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { hasColour, stateStyled, styled } from '../../cli/text/colour.js';
import { textTable, writeTable } from '../../cli/text/table-document.js';

const ROWS = [
  ['search', 'status', 'what it is'],
  ['shapes-w4a8-auto-19f9aa43', 'finished', 'a search of the bundled model with four steps'],
  ['b', 'running', 'short'],
];
const words = (text: string): string[] => text.split(/\s+/).filter(Boolean).sort();

afterEach(() => vi.unstubAllEnvs());

describe('a table', () => {
  test('is one line per row where there is no terminal', () => {
    const [head, first, second, ...more] = textTable(ROWS).split('\n');
    expect(head).toBe('search                     status    what it is');
    expect(first).toBe('shapes-w4a8-auto-19f9aa43  finished  a search of the bundled model with four steps');
    expect([second, more]).toEqual(['b                          running   short', []]);
  });

  test.each([120, 80, 60, 50, 49, 40, 20, 5])('of %d columns breaks no word, and loses none', (columns) => {
    const text = textTable(ROWS, { columns });
    expect([...new Set(words(text))]).toEqual(
      expect.arrayContaining([...new Set(words(ROWS.flat().join(' ')))].filter((word) => word !== 'search')),
    );
    const longest = Math.max(...text.split('\n').map((line) => line.length));
    if (columns >= 49) expect(longest).toBeLessThanOrEqual(columns);
  });

  test('that cannot fit is a block per row', () => {
    expect(textTable(ROWS, { columns: 40 }).split('\n').slice(0, 4)).toEqual([
      'shapes-w4a8-auto-19f9aa43',
      '  status      finished',
      '  what it is  a search of the bundled model with four steps',
      '',
    ]);
  });

  test('without heads is wrapped whatever its width', () => {
    expect(textTable([['ok', 'a check of a word']], { columns: 4, heads: false })).toBe('ok  a check of a word');
    expect(textTable([['ok', 'a check of a word']], { columns: 12, heads: false }).split('\n')).toEqual([
      'ok  a check',
      '    of a',
      '    word',
    ]);
  });

  test('in colour has the same characters in the same places', () => {
    vi.stubEnv('FORCE_COLOR', '1');
    const shown = textTable(ROWS, { columns: 60, show: (cell) => stateStyled(cell) });
    expect(shown).toContain('\u001b[32mfinished\u001b[39m');
    expect(stripVTControlCharacters(shown)).toBe(textTable(ROWS, { columns: 60 }));
  });

  test('as Markdown or CSV has neither colour nor breaks', () => {
    vi.stubEnv('FORCE_COLOR', '1');
    const document = { columns: [{ head: 'status' }], rows: [['finished']], notes: [] };
    expect(writeTable(document, 'markdown', (cell) => stateStyled(cell))).toBe('| status |\n| --- |\n| finished |');
    expect(writeTable(document, 'csv', (cell) => stateStyled(cell))).toBe('status\nfinished');
  });
});

describe('colour', () => {
  const terminal = { isTTY: true };
  test.each<[string, { isTTY?: boolean }, Record<string, string>, boolean]>([
    ['a terminal', terminal, {}, true],
    ['a pipe', {}, {}, false],
    ['NO_COLOR', terminal, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
    ['FORCE_COLOR in a pipe', {}, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
  ])('%s', (_, stream, env, expected) => {
    expect(hasColour(stream, env)).toBe(expected);
  });

  test('changes nothing where there is none', () => {
    vi.stubEnv('NO_COLOR', '1');
    expect([styled('bold', 'x', terminal), stateStyled('failed', terminal), stateStyled('other')]).toEqual([
      'x',
      'failed',
      'other',
    ]);
  });
});
