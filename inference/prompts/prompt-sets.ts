/**
 * Prompt sets: files of any known format under the prompt roots, found by their names.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { PromptSplit } from '../../contract/payloads.js';
import { suggestion } from '../../contract/suggestion.js';
import { isPlainName } from '../models/model-roots.js';
import { readPromptFile } from './prompt-file.js';
import { SET_EXTENSIONS } from './prompt-formats.js';
import { promptRoots } from './prompt-roots.js';
import type { Prompt } from './prompt.js';
import { refuseTwice } from './refuse-twice.js';

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** sha256 over the texts in order. */
export const hashTexts = (texts: readonly string[]): string => sha256(texts);

const hashNouns = (prompts: readonly Prompt[]): string | null =>
  prompts.every(({ nouns }) => nouns === null) ? null : sha256(prompts.map(({ nouns }) => nouns));

/**
 * Reads prompts from a file's content.
 *
 * @param count only the first of them
 * @throws QschedError (usage): as `readPromptFile`, and for empty prompts, and prompts that encoders read alike
 */
export function parsePrompts(content: Uint8Array, where: string, count?: number): Prompt[] {
  const prompts = readPromptFile(content, where).prompts.slice(0, count);
  if (prompts.length === 0) throw new QschedError('usage', `${where} holds no prompts.`, 'Write one prompt per line.');
  refuseTwice(
    prompts.map(({ text }) => text),
    where,
  );
  return prompts.map(({ text, nouns }) => ({ text, nouns }));
}

const statOf = (path: string) => (existsSync(path) ? statSync(path) : undefined);
const isFolder = (path: string): boolean => statOf(path)?.isDirectory() === true;

/** Names of the sets under the roots. */
export function listPromptSets(roots: readonly string[] = promptRoots()): string[] {
  const files = roots.filter(isFolder).flatMap((root) => readdirSync(root));
  return [
    ...new Set(
      files.filter((file) => SET_EXTENSIONS.includes(extname(file))).map((file) => basename(file, extname(file))),
    ),
  ].sort();
}

/** The file of a named set. @throws QschedError (usage) listing the sets there are */
export function findPromptSet(name: string, roots: readonly string[] = promptRoots()): string {
  if (!isPlainName(name)) {
    throw new QschedError(
      'usage',
      `"${name}" is not the name of a prompt set: a set is a file under ${roots.join(', ')}, named without any path.`,
      'Put the file under QSCHED_PROMPTS and give its plain name.',
    );
  }
  for (const root of roots.filter(isFolder)) {
    for (const extension of SET_EXTENSIONS) {
      const path = join(root, `${name}${extension}`);
      if (statOf(path)?.isFile()) return path;
    }
  }
  throw new QschedError('usage', `There is no prompt set "${name}".`, suggestion(name, listPromptSets(roots)));
}

/** The prompts of a named set. @throws QschedError (usage) for a set that does not exist or cannot be read */
export function readPromptSet(name: string, roots?: readonly string[]): Prompt[] {
  const path = findPromptSet(name, roots);
  return parsePrompts(readFileSync(path), path);
}

/**
 * The prompts that a spec chooses, and the split that identifies them.
 *
 * @throws QschedError (usage): unknown set, fewer prompts than asked for, or one prompt twice
 */
export function resolveSplit(
  choice: { set: string; texts?: string[] | undefined; count: number; skip?: number | undefined; seeds: number[] },
  field: string,
  roots?: readonly string[],
): { split: PromptSplit; texts: string[]; prompts: Prompt[] } {
  const all = choice.texts?.map((text): Prompt => ({ text, nouns: null })) ?? readPromptSet(choice.set, roots);
  if (choice.texts) refuseTwice(choice.texts, `${field}.texts`);
  const count = choice.texts ? all.length : choice.count;
  const skip = choice.texts ? 0 : (choice.skip ?? 0);
  if (skip > 0 && skip + count > all.length) {
    throw new QschedError(
      'usage',
      `${field}.skip is ${skip} and ${field}.count is ${count}, but the prompt set "${choice.set}" holds ${all.length} prompts.`,
      `Set ${field}.count to ${Math.max(0, all.length - skip)} or less, or leave fewer prompts out.`,
    );
  }
  if (count > all.length) {
    throw new QschedError(
      'usage',
      `${field}.count is ${count}, but the prompt set "${choice.set}" holds ${all.length} prompts.`,
      `Set ${field}.count to ${all.length} or less.`,
    );
  }
  const prompts = all.slice(skip, skip + count);
  const texts = prompts.map(({ text }) => text);
  return {
    split: {
      set: choice.texts ? null : choice.set,
      texts: choice.texts ? texts : null,
      count,
      ...(skip === 0 ? {} : { skip }),
      sha256: hashTexts(texts),
      nounsSha256: hashNouns(prompts),
      seeds: choice.seeds,
    },
    texts,
    prompts,
  };
}

/** Texts of a split if this machine has its set; only workers must have it. */
export function textsHere(choice: Parameters<typeof resolveSplit>[0], field: string): string[] {
  try {
    return resolveSplit(choice, field).texts;
  } catch {
    return [];
  }
}

/** The prompts of a split. @throws QschedError (usage) if the set differs from the one that was prepared */
export function splitPrompts(split: PromptSplit, roots?: readonly string[]): Prompt[] {
  const prompts =
    split.texts?.map((text): Prompt => ({ text, nouns: null })) ??
    readPromptSet(split.set ?? '', roots).slice(split.skip ?? 0, (split.skip ?? 0) + split.count);
  if (hashTexts(prompts.map(({ text }) => text)) !== split.sha256 || hashNouns(prompts) !== split.nounsSha256) {
    throw new QschedError(
      'usage',
      `The prompt set "${split.set}" on this worker differs from the one that the search was prepared with.`,
      'Give every worker the same prompt files.',
    );
  }
  return prompts;
}
