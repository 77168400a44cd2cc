/**
 * Prompts of text files: one per line, or one JSON value per line.
 */
import { messageOf } from '../../contract/errors.js';
import { promptOf, TEXT_FIELDS } from './prompt-entry.js';
import type { FilePrompt } from './prompt.js';

/** Lines by any of the three line ends (LF, CR LF, CR), with their numbers; without empty ones. */
const linesOf = (text: string): [number: number, line: string][] =>
  text
    .split(/\r\n|[\n\r]/)
    .map((line, i): [number, string] => [i + 1, line.trim()])
    .filter(([, line]) => line !== '');

/** Every line that is not empty is a prompt. */
export const textPrompts = (text: string): FilePrompt[] =>
  linesOf(text).map(([, line]) => ({ text: line, nouns: null, category: null }));

/** Every line is a JSON text or an object with a text. @throws Error with the line */
export function jsonLinePrompts(text: string): FilePrompt[] {
  return linesOf(text).map(([number, line]) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new Error(`line ${number} is not JSON: ${messageOf(error)}`, { cause: error });
    }
    return promptOf(value, `line ${number}`);
  });
}

/**
 * What else a text file seems to be: its lines would be wrong prompts.
 *
 * @returns null if it is plain text
 */
export function otherThanText(text: string): 'JSON' | 'JSON lines' | 'YAML' | 'a table' | null {
  const lines = linesOf(text).map(([, line]) => line);
  const [first = ''] = lines;
  if (/^[[{]/.test(first)) {
    if (areJsonLines(text)) return 'JSON lines';
    if (isJson(text)) return 'JSON';
  }
  if (lines.length > 1 && lines.every((line) => /^(?:- |---$|#|["']?[\w.-]+["']?:(?:\s|$))/.test(line))) return 'YAML';
  const cells = first.split(/[\t,]/).map((cell) => cell.trim().toLowerCase());
  return cells.length > 1 && cells.some((cell) => TEXT_FIELDS.includes(cell)) ? 'a table' : null;
}

/** Whether every one of several lines is JSON by itself. */
export function areJsonLines(text: string): boolean {
  const lines = linesOf(text);
  return lines.length > 1 && lines.every(([, line]) => isJson(line));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
