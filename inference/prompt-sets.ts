/**
 * Prompt sets: JSON ({prompts: [{text}]}), or plain text with a prompt a line.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { messageOf, QschedError } from '../spec/errors.js';
import type { PromptSplit } from '../spec/payloads.js';
import { suggestion } from '../spec/validate.js';
import { isPlainName, promptRoots } from './model-roots.js';

/** sha256 over the texts in order. */
export const hashTexts = (texts: readonly string[]): string => createHash('sha256').update(JSON.stringify(texts)).digest('hex');

/**
 * Reads prompts from a file's content.
 *
 * @throws QschedError (usage): not UTF-8, not the format, empty or duplicated prompts
 */
export function parsePrompts(content: Uint8Array, where: string): string[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new QschedError('usage', `${where} is not UTF-8 text.`, 'Save the file as UTF-8.');
  }
  const prompts = extname(where) === '.json' ? fromJson(text, where) : text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
  if (prompts.length === 0) throw new QschedError('usage', `${where} holds no prompts.`, 'Write one prompt a line.');
  const seen = new Set<string>();
  prompts.forEach((prompt, i) => {
    if (prompt.trim() === '') throw new QschedError('usage', `Prompt ${i + 1} of ${where} is empty.`, 'Remove it.');
    if (seen.has(prompt)) throw new QschedError('usage', `Prompt ${i + 1} of ${where} appears twice: "${prompt}".`, 'Remove one of them: a duplicate would count double.');
    seen.add(prompt);
  });
  return prompts;
}

function fromJson(text: string, where: string): string[] {
  try {
    const data = JSON.parse(text) as { prompts?: unknown } | unknown[] | null;
    const list = Array.isArray(data) ? data : data?.prompts;
    if (!Array.isArray(list)) throw new Error('it needs a list "prompts"');
    return list.map((entry: unknown, i) => {
      const value = typeof entry === 'string' ? entry : (entry as { text?: unknown } | null)?.text;
      if (typeof value !== 'string') throw new Error(`entry ${i + 1} has no text`);
      return value;
    });
  } catch (error) {
    throw new QschedError('usage', `${where} is not a prompt set: ${messageOf(error)}.`, 'Expected {"prompts": [{"text": "..."}]}, or a text file with a prompt a line.');
  }
}

/** Names of the sets under the roots. */
export function listPromptSets(roots: readonly string[] = promptRoots()): string[] {
  const files = roots.flatMap((root) => (existsSync(root) ? readdirSync(root) : []));
  return [...new Set(files.filter((file) => /\.(json|txt)$/.test(file)).map((file) => file.replace(/\.(json|txt)$/, '')))].sort();
}

/** The prompts of a named set. @throws QschedError (usage) listing the sets there are */
export function readPromptSet(name: string, roots: readonly string[] = promptRoots()): string[] {
  if (!isPlainName(name)) throw new QschedError('usage', `"${name}" is not the name of a prompt set: a set is a file under ${roots.join(', ')}, named without any path.`, 'Put the file under QSCHED_PROMPTS and give its plain name.');
  for (const root of roots) {
    for (const extension of ['.json', '.txt']) {
      const path = join(root, `${name}${extension}`);
      if (existsSync(path)) return parsePrompts(readFileSync(path), path);
    }
  }
  throw new QschedError('usage', `There is no prompt set "${name}".`, suggestion(name, listPromptSets(roots)));
}

/**
 * The texts of a choice in a spec, and the split that stands for them.
 *
 * @throws QschedError (usage): unknown set, or fewer prompts than asked for
 */
export function resolveSplit(choice: { set: string; texts?: string[] | undefined; count: number; seeds: number[] }, field: string, roots?: readonly string[]): { split: PromptSplit; texts: string[] } {
  const all = choice.texts ?? readPromptSet(choice.set, roots);
  const count = choice.texts ? all.length : choice.count;
  if (count > all.length) throw new QschedError('usage', `${field}.count is ${count}, but the prompt set "${choice.set}" holds ${all.length} prompts.`, `Set ${field}.count to ${all.length} or less.`);
  const texts = all.slice(0, count);
  return { split: { set: choice.texts ? null : choice.set, texts: choice.texts ? texts : null, count, sha256: hashTexts(texts), seeds: choice.seeds }, texts };
}

/** The texts that a split stands for; a set that differs from the prepared one is refused. */
export function splitTexts(split: PromptSplit, roots?: readonly string[]): string[] {
  const texts = split.texts ?? readPromptSet(split.set ?? '', roots).slice(0, split.count);
  if (hashTexts(texts) !== split.sha256) throw new QschedError('usage', `The prompt set "${split.set}" on this worker differs from the one that the search was prepared with.`, 'Give every worker the same prompt files.');
  return [...texts];
}
