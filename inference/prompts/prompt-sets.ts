/**
 * Prompt sets: JSON ({prompts: [{text, nouns?}]}), a table (.csv, .tsv), or plain text with a prompt per line.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { messageOf, QschedError } from '../../contract/errors.js';
import type { PromptSplit } from '../../contract/payloads.js';
import { suggestion } from '../../contract/suggestion.js';
import { isPlainName, promptRoots } from '../models/model-roots.js';
import type { Prompt } from './prompt.js';
import { parsePromptTable } from './prompt-table.js';

const EXTENSIONS = ['.json', '.csv', '.tsv', '.txt'];

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** sha256 over the texts in order. */
export const hashTexts = (texts: readonly string[]): string => sha256(texts);

const hashNouns = (prompts: readonly Prompt[]): string | null =>
  prompts.every(({ nouns }) => nouns === null) ? null : sha256(prompts.map(({ nouns }) => nouns));

/**
 * Reads prompts from a file's content.
 *
 * @throws QschedError (usage): not UTF-8, not the format, empty or duplicated prompts
 */
export function parsePrompts(content: Uint8Array, where: string): Prompt[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new QschedError('usage', `${where} is not UTF-8 text.`, 'Save the file as UTF-8.');
  }
  const prompts =
    READERS[extname(where).toLowerCase()]?.(text, where) ??
    text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map((line): Prompt => ({ text: line, nouns: null }));
  if (prompts.length === 0) throw new QschedError('usage', `${where} holds no prompts.`, 'Write one prompt per line.');
  const seen = new Set<string>();
  prompts.forEach(({ text: prompt }, i) => {
    if (prompt.trim() === '') throw new QschedError('usage', `Prompt ${i + 1} of ${where} is empty.`, 'Remove it.');
    if (seen.has(prompt)) {
      throw new QschedError(
        'usage',
        `Prompt ${i + 1} of ${where} appears twice: "${shortened(prompt)}".`,
        'Remove one of them: a duplicate would count double.',
      );
    }
    seen.add(prompt);
  });
  return prompts;
}

/** A prompt as a message shows it. */
const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);

/** Formats by the end of the file's name; anything else is plain text. */
const READERS: Readonly<Record<string, (text: string, where: string) => Prompt[]>> = {
  '.json': fromJson,
  '.csv': (text, where) => fromTable(text, where, ','),
  '.tsv': (text, where) => fromTable(text, where, '\t'),
};

function fromTable(text: string, where: string, delimiter: ',' | '\t'): Prompt[] {
  try {
    return parsePromptTable(text, delimiter);
  } catch (error) {
    throw new QschedError(
      'usage',
      `${where} is not a prompt set: ${messageOf(error)}.`,
      `Expected a header line with a column "text" or "prompt", then a prompt per line${delimiter === ',' ? '; one with a comma or a quotation mark is in quotation marks: "a cat, on a mat"' : ''}.`,
    );
  }
}

function fromJson(text: string, where: string): Prompt[] {
  try {
    const data = JSON.parse(text) as { prompts?: unknown } | unknown[] | null;
    const list = Array.isArray(data) ? data : data?.prompts;
    if (!Array.isArray(list)) throw new Error('it needs a list "prompts"');
    return list.map((entry: unknown, i) => {
      const { text: value, nouns } =
        typeof entry === 'string'
          ? { text: entry, nouns: undefined }
          : ((entry ?? {}) as { text?: unknown; nouns?: unknown });
      if (typeof value !== 'string') throw new Error(`entry ${i + 1} has no text`);
      const known = nouns !== undefined && nouns !== null;
      if (known && !(Array.isArray(nouns) && nouns.every((noun) => typeof noun === 'string' && noun !== ''))) {
        throw new Error(`the nouns of entry ${i + 1} are not list of words`);
      }
      return { text: value, nouns: known ? nouns : null };
    });
  } catch (error) {
    throw new QschedError(
      'usage',
      `${where} is not a prompt set: ${messageOf(error)}.`,
      'Expected {"prompts": [{"text": "...", "nouns": ["..."]}]}, nouns are optional; or a text file with a prompt per line.',
    );
  }
}

const statOf = (path: string) => statSync(path, { throwIfNoEntry: false });
const isFolder = (path: string): boolean => statOf(path)?.isDirectory() === true;

/** Names of the sets under the roots. */
export function listPromptSets(roots: readonly string[] = promptRoots()): string[] {
  const files = roots.filter(isFolder).flatMap((root) => readdirSync(root));
  return [
    ...new Set(files.filter((file) => EXTENSIONS.includes(extname(file))).map((file) => basename(file, extname(file)))),
  ].sort();
}

/** The prompts of a named set. @throws QschedError (usage) listing the sets there are */
export function readPromptSet(name: string, roots: readonly string[] = promptRoots()): Prompt[] {
  if (!isPlainName(name)) {
    throw new QschedError(
      'usage',
      `"${name}" is not the name of a prompt set: a set is a file under ${roots.join(', ')}, named without any path.`,
      'Put the file under QSCHED_PROMPTS and give its plain name.',
    );
  }
  for (const root of roots.filter(isFolder)) {
    for (const extension of EXTENSIONS) {
      const path = join(root, `${name}${extension}`);
      if (statOf(path)?.isFile()) return parsePrompts(readFileSync(path), path);
    }
  }
  throw new QschedError('usage', `There is no prompt set "${name}".`, suggestion(name, listPromptSets(roots)));
}

/**
 * The prompts that a spec chooses, and the split that identifies them.
 *
 * @throws QschedError (usage): unknown set, or fewer prompts than asked for
 */
export function resolveSplit(
  choice: { set: string; texts?: string[] | undefined; count: number; seeds: number[] },
  field: string,
  roots?: readonly string[],
): { split: PromptSplit; texts: string[]; prompts: Prompt[] } {
  const all = choice.texts?.map((text): Prompt => ({ text, nouns: null })) ?? readPromptSet(choice.set, roots);
  const count = choice.texts ? all.length : choice.count;
  if (count > all.length) {
    throw new QschedError(
      'usage',
      `${field}.count is ${count}, but the prompt set "${choice.set}" holds ${all.length} prompts.`,
      `Set ${field}.count to ${all.length} or less.`,
    );
  }
  const prompts = all.slice(0, count);
  const texts = prompts.map(({ text }) => text);
  return {
    split: {
      set: choice.texts ? null : choice.set,
      texts: choice.texts ? texts : null,
      count,
      sha256: hashTexts(texts),
      nounsSha256: hashNouns(prompts),
      seeds: choice.seeds,
    },
    texts,
    prompts,
  };
}

/** The prompts of a split. @throws QschedError (usage) if the set differs from the one that was prepared */
export function splitPrompts(split: PromptSplit, roots?: readonly string[]): Prompt[] {
  const prompts =
    split.texts?.map((text): Prompt => ({ text, nouns: null })) ??
    readPromptSet(split.set ?? '', roots).slice(0, split.count);
  if (hashTexts(prompts.map(({ text }) => text)) !== split.sha256 || hashNouns(prompts) !== split.nounsSha256) {
    throw new QschedError(
      'usage',
      `The prompt set "${split.set}" on this worker differs from the one that the search was prepared with.`,
      'Give every worker the same prompt files.',
    );
  }
  return prompts;
}
