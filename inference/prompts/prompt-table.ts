/**
 * Prompts from a table with a header: .csv or .tsv with a column `text`, `prompt`, `prompts` (DrawBench) or `caption`, and
 * optionally `category` and `nouns`, separated by ";". ";" alone means no nouns, an empty cell unknown nouns.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { quoted, TEXT_FIELDS, TEXT_FIELDS_LISTED } from './prompt-entry.js';
import type { FilePrompt } from './prompt.js';

/** A table's prompts, and the names of its columns in lower case. */
interface PromptTable {
  readonly columns: readonly string[];
  readonly prompts: readonly FilePrompt[];
}

/**
 * @param text the file's content
 * @param delimiter between columns
 * @throws Error saying which column is missing or ambiguous, or which line is broken
 */
export function parsePromptTable(text: string, delimiter: ',' | '\t'): PromptTable {
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
  if (header === undefined) return { columns: [], prompts: [] };
  const columns = header.map((name) => name.toLowerCase());
  const found = header.filter((name) => TEXT_FIELDS.includes(name.toLowerCase()));
  if (found.length === 0) {
    throw new Error(`it has the columns ${quoted(header)}, and none is called ${TEXT_FIELDS_LISTED}`);
  }
  if (found.length > 1) {
    throw new Error(`it has the columns ${quoted(found)}: which of them holds the prompts is ambiguous`);
  }
  const column = header.indexOf(found[0]!);
  const nouns = columns.indexOf('nouns');
  const category = columns.indexOf('category');
  const prompts = body.map((row) => ({
    text: row[column]!,
    nouns: nouns === -1 ? null : nounsOf(row[nouns]!),
    category: (category === -1 ? '' : row[category]!) || null,
  }));
  return { columns, prompts };
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
