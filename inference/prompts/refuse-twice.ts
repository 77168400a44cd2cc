/**
 * Prompts that would count double.
 */
import { QschedError } from '../../contract/errors.js';
import { readingOf } from '../../contract/same-prompt.js';

/**
 * @param where what messages call the list: a path, or a field of a spec
 * @throws QschedError (usage) for an empty text, and for two texts that encoders read alike
 */
export function refuseTwice(texts: readonly string[], where: string): void {
  const seen = new Map<string, number>();
  for (const [i, text] of texts.entries()) {
    if (text.trim() === '') throw new QschedError('usage', `Prompt ${i + 1} of ${where} is empty.`, 'Remove it.');
    const reading = readingOf(text);
    const first = seen.get(reading);
    if (first !== undefined) throw twice(texts, first, i, where);
    seen.set(reading, i);
  }
}

function twice(texts: readonly string[], first: number, second: number, where: string): QschedError {
  const [one, other] = [shortened(texts[first]!), shortened(texts[second]!)];
  return new QschedError(
    'usage',
    texts[first] === texts[second]
      ? `Prompt ${second + 1} of ${where} appears twice: "${other}".`
      : `Prompts ${first + 1} and ${second + 1} of ${where} are one prompt for a text encoder: "${one}" and "${other}".`,
    'Remove one of them: a duplicate would count double. npx qsched prompts import FILE leaves duplicates out.',
  );
}

/** A prompt as a message shows it. */
export const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);
