/**
 * How much prompt text a search may have: all of it crosses the wire in one payload, and Temporal takes 2 MiB.
 */
import { QschedError } from '../../contract/errors.js';
import type { Stage } from '../../contract/payloads.js';
import { listBytes } from '../../contract/wire-bytes.js';

/** Bytes of the texts of all splits, in UTF-8 as JSON. Half of the limit: texts of the spec itself are in it twice. */
const MAX_TEXT = 1_000_000;

/** The groups of a spec by what they are for. */
const FIELDS: Readonly<Record<Stage, string>> = { calibration: 'prompts', select: 'select', confirm: 'confirm' };

interface Sized {
  readonly field: string;
  readonly texts: readonly string[];
  readonly bytes: number;
}

const megabytes = (bytes: number): string => `${(Math.ceil(bytes / 10_000) / 100).toFixed(2)} MB`;

/** @throws QschedError (usage) that names the size, the largest split and the count that would fit */
export function refuseTooMuchText(texts: Readonly<Record<Stage, readonly string[]>>): void {
  const splits = (['calibration', 'select', 'confirm'] as const).map((stage): Sized => {
    return {
      field: FIELDS[stage],
      texts: texts[stage],
      bytes: listBytes(texts[stage]),
    };
  });
  const bytes = splits.reduce((sum, split) => sum + split.bytes, 0);
  if (bytes <= MAX_TEXT) return;
  const largest = splits.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const most = `${largest.field} alone ${megabytes(largest.bytes)} in ${largest.texts.length} prompts`;
  throw new QschedError(
    'usage',
    `The prompts of the search are ${megabytes(bytes)} of text, ${most}: at most ${megabytes(MAX_TEXT)} fit.`,
    hint(largest, MAX_TEXT - (bytes - largest.bytes)),
  );
}

/** @param room bytes that the other splits leave */
function hint({ field, texts }: Sized, room: number): string {
  let count = 0;
  for (let left = room; count < texts.length; count += 1) {
    left -= listBytes([texts[count]!]);
    if (left < 0) break;
  }
  const fits =
    count < 2 ? `Lower ${field}.count, and those of the other splits` : `Set ${field}.count to ${count} or less`;
  return `${fits}: a search needs tens of prompts, thousands are for an evaluation.`;
}
