/**
 * A prompt file of any known format. What its format is follows from the end of its name, then from its content; a file
 * that may be something else is refused rather than read as lines.
 */
import { extname } from 'node:path';
import { parseDocument, isMap } from 'yaml';
import { messageOf, QschedError } from '../../contract/errors.js';
import { quoted, TEXT_FIELDS_LISTED } from './prompt-entry.js';
import { containerOf, FORMATS, type PromptContainer, type PromptFormat, SET_EXTENSIONS } from './prompt-formats.js';
import { areJsonLines, jsonLinePrompts, otherThanText, textPrompts } from './prompt-lines.js';
import { parsePromptTable } from './prompt-table.js';
import type { FilePrompt } from './prompt.js';
import { type DocumentForm, documentOf, documentPrompts, type DocumentPrompts } from './structured-prompts.js';

/** What a file holds. */
export interface PromptFile {
  readonly format: PromptFormat;
  readonly prompts: readonly FilePrompt[];
  readonly license: string | null;
}

/**
 * Reads a prompt file's content: UTF-8, with or without a byte order mark.
 *
 * @param where its path, for messages and for its end
 * @param wanted its format; by default what its name and content show
 * @throws QschedError (usage): not UTF-8, an unknown or ambiguous form, or not the format
 */
export function readPromptFile(content: Uint8Array, where: string, wanted?: PromptFormat): PromptFile {
  const text = decoded(content, where);
  const named = containerOf(extname(where));
  const container = containerFor(wanted, named, where);
  if (container === 'text' && wanted === undefined) refuseOtherThanText(text, where);
  try {
    return READERS[container](text, wanted);
  } catch (error) {
    throw new QschedError('usage', `${where} is not a prompt set: ${messageOf(error)}.`, HINTS[container]);
  }
}

function decoded(content: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new QschedError('usage', `${where} is not UTF-8 text.`, 'Save the file as UTF-8.');
  }
}

/** JSON and YAML files may each have the form of a document; a format of a table needs its own delimiter. */
function containerFor(
  wanted: PromptFormat | undefined,
  named: PromptContainer | undefined,
  where: string,
): PromptContainer {
  if (wanted !== undefined) {
    const { container, form } = FORMATS[wanted];
    return form !== undefined && (named === 'json' || named === 'yaml') ? named : container;
  }
  if (named !== undefined) return named;
  throw new QschedError(
    'usage',
    `${where} ends in "${extname(where)}", which tells no format of prompts.`,
    `Known ends: ${SET_EXTENSIONS.join(', ')}. For another name give the format: npx qsched prompts import FILE --format text`,
  );
}

function refuseOtherThanText(text: string, where: string): void {
  const other = otherThanText(text);
  if (other === null) return;
  throw new QschedError(
    'usage',
    `${where} is read as text with one prompt per line, but it looks like ${other}.`,
    'Rename it (.json, .jsonl, .yaml, .csv, .tsv), or import it with --format; its lines as they are: ' +
      'npx qsched prompts import FILE --format text',
  );
}

const READERS: Readonly<Record<PromptContainer, (text: string, wanted?: PromptFormat) => PromptFile>> = {
  text: (text) => ({ format: 'text', prompts: textPrompts(text), license: null }),
  jsonl: (text) => ({ format: 'jsonl', prompts: trimmed(jsonLinePrompts(text)), license: null }),
  csv: (text, wanted) => ofTable(text, ',', wanted),
  tsv: (text, wanted) => ofTable(text, '\t', wanted),
  json: (text, wanted) => ofDocument('json', documentPrompts(documentOf(parsedJson(text)), formOf(wanted))),
  yaml: (text, wanted) => ofDocument('yaml', documentPrompts(documentOf(parsedYaml(text)), formOf(wanted))),
};

/** A table of a published set is known by its columns. */
function ofTable(text: string, delimiter: ',' | '\t', wanted: PromptFormat | undefined): PromptFile {
  const { columns, prompts } = parsePromptTable(text, delimiter);
  const fits = (format: PromptFormat): boolean =>
    FORMATS[format].columns?.every((column) => columns.includes(column)) !== false;
  if (wanted !== undefined && !fits(wanted)) {
    throw new Error(`it has the columns ${quoted(columns)}, not ${quoted(FORMATS[wanted].columns ?? [])}`);
  }
  const [container, published] = delimiter === ',' ? (['csv', 'drawbench'] as const) : (['tsv', 'parti'] as const);
  return { format: wanted ?? (fits(published) ? published : container), prompts, license: null };
}

const formOf = (wanted: PromptFormat | undefined): DocumentForm | undefined =>
  wanted === undefined ? undefined : FORMATS[wanted].form;

/** Texts of JSON lists stay as they are: 0.1 hashed them so. */
function ofDocument(container: 'json' | 'yaml', { form, prompts, license }: DocumentPrompts): PromptFile {
  const asWritten = container === 'json' && form === 'list';
  return { format: form === 'list' ? container : form, prompts: asWritten ? prompts : trimmed(prompts), license };
}

const trimmed = (prompts: readonly FilePrompt[]): FilePrompt[] =>
  prompts.map((prompt) => ({ ...prompt, text: prompt.text.trim() }));

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!areJsonLines(text)) throw error;
    throw new Error('it has one JSON value per line; such files end in .jsonl', { cause: error });
  }
}

/** The top level as a map, which keeps the order of the file where ids are numbers. */
function parsedYaml(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'error' });
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw new Error(
      `line ${broken.linePos?.[0].line ?? 1}: ${broken.message.split('\n')[0]!.replace(/ at line .*$/, '')}`,
    );
  }
  const { contents } = document;
  if (!isMap(contents)) return document.toJS();
  const plain = document.toJS({ mapAsMap: true }) as Map<unknown, unknown>;
  const values = document.toJS() as Readonly<Record<string, unknown>>;
  return new Map([...plain.keys()].map((key) => [String(key), values[String(key)]]));
}

const DOCUMENT_HINT =
  `Known forms: a list of texts or of objects with ${TEXT_FIELDS_LISTED}, also as {"prompts": [...]}; COCO's captions; ` +
  "MJHQ's meta_data.json; sDCI's captions by id (certain with --format sdci). See docs/prompts.md.";

const HINTS: Readonly<Record<PromptContainer, string>> = {
  text: 'Write one prompt per line.',
  jsonl: `Expected a JSON text per line, or an object with ${TEXT_FIELDS_LISTED}.`,
  json: DOCUMENT_HINT,
  yaml: DOCUMENT_HINT,
  csv:
    `Expected a header line with a column ${TEXT_FIELDS_LISTED}, then a prompt per line; ` +
    'one with a comma or a quotation mark is in quotation marks: "a cat, on a mat"',
  tsv: `Expected a header line with a column ${TEXT_FIELDS_LISTED}, then a prompt per line`,
};
