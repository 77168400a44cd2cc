/**
 * Prompts from a table with a header: .csv or .tsv with a column `text` or `prompt`, and optionally a column
 * `nouns`, separated by ";". ";" alone means no nouns, an empty cell unknown nouns.
 */
import { CsvError, parse } from 'csv-parse/sync';
import type { Prompt } from './prompt.js';

const TEXT_COLUMNS = ['text', 'prompt'];
const NOUN_COLUMN = 'nouns';

/**
 * @param text the file's content
 * @param delimiter between columns
 * @throws Error saying which column is missing, or which line is broken
 */
export function parsePromptTable(text: string, delimiter: ',' | '\t'): Prompt[] {
  let rows: string[][];
  try {
    // In a tab-separated file a quotation mark is only a character.
    rows = parse(text, {
      delimiter,
      bom: true,
      skip_empty_lines: true,
      trim: true,
      quote: delimiter === ',' ? '"' : null,
    });
  } catch (error) {
    if (error instanceof CsvError) {
      throw new Error(`line ${Number(error['lines'])}: ${error.message}`, { cause: error });
    }
    throw error;
  }
  const [header, ...body] = rows;
  if (header === undefined) return [];
  const columns = header.map((name) => name.toLowerCase());
  const column = columns.findIndex((name) => TEXT_COLUMNS.includes(name));
  if (column === -1) {
    throw new Error(
      `it has the columns ${header.map((name) => `"${name}"`).join(', ')}, and none is called "text" or "prompt"`,
    );
  }
  const nouns = columns.indexOf(NOUN_COLUMN);
  return body.map((row) => ({
    text: row[column]!,
    nouns: nouns === -1 ? null : nounsOf(row[nouns]!),
  }));
}

/** An empty cell leaves the nouns to the tagger; ";" alone says that there are none. */
function nounsOf(cell: string): string[] | null {
  return cell === ''
    ? null
    : cell
        .split(';')
        .map((noun) => noun.trim())
        .filter((noun) => noun !== '');
}
