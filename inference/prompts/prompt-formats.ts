/**
 * The formats of prompt files: how each is parsed, and which form its content must have.
 */
import type { DocumentForm } from './structured-prompts.js';

/** How a file is parsed. */
export type PromptContainer = 'text' | 'json' | 'jsonl' | 'yaml' | 'csv' | 'tsv';

/** Names of formats: the containers, then published sets. */
export const PROMPT_FORMATS = [
  'text',
  'json',
  'jsonl',
  'yaml',
  'csv',
  'tsv',
  'coco',
  'mjhq',
  'sdci',
  'parti',
  'drawbench',
] as const;
export type PromptFormat = (typeof PROMPT_FORMATS)[number];

/** What a format is for the reader and for a person. */
interface FormatEntry {
  readonly container: PromptContainer;
  readonly form?: DocumentForm;
  /** Columns of a table by which it is known. */
  readonly columns?: readonly string[];
  readonly title: string;
}

export const FORMATS: Readonly<Record<PromptFormat, FormatEntry>> = {
  text: { container: 'text', title: 'text, one prompt per line' },
  json: { container: 'json', title: 'JSON' },
  jsonl: { container: 'jsonl', title: 'JSON lines' },
  yaml: { container: 'yaml', title: 'YAML' },
  csv: { container: 'csv', title: 'CSV' },
  tsv: { container: 'tsv', title: 'TSV' },
  coco: { container: 'json', form: 'coco', title: 'COCO captions, the first one of every image' },
  mjhq: { container: 'json', form: 'mjhq', title: 'meta_data.json of MJHQ-30K' },
  sdci: { container: 'yaml', form: 'sdci', title: 'sDCI, captions by id' },
  parti: { container: 'tsv', columns: ['prompt', 'category', 'challenge', 'note'], title: 'PartiPrompts' },
  drawbench: { container: 'csv', columns: ['prompts', 'category'], title: 'DrawBench' },
};

/** Ends of file names. */
const BY_EXTENSION: Readonly<Record<string, PromptContainer>> = {
  '': 'text',
  '.txt': 'text',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.csv': 'csv',
  '.tsv': 'tsv',
};

/** Ends of the files that are prompt sets, those of 0.1 first. */
export const SET_EXTENSIONS: readonly string[] = [
  '.json',
  '.csv',
  '.tsv',
  '.txt',
  '.jsonl',
  '.ndjson',
  '.yaml',
  '.yml',
];

/** The container that a file's name tells, in any case; undefined for an unknown end. */
export const containerOf = (extension: string): PromptContainer | undefined => BY_EXTENSION[extension.toLowerCase()];
