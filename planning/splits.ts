/**
 * The prompts of a search: three disjoint splits, small enough for the wire.
 */
import { QschedError } from '../contract/errors.js';
import type { PromptNouns, PromptSplit, Stage } from '../contract/payloads.js';
import { readingOf } from '../contract/same-prompt.js';
import type { SearchSpec } from '../contract/search-spec.js';
import type { Prompt } from '../inference/prompts/prompt.js';
import { resolveSplit } from '../inference/prompts/prompt-sets.js';
import { refuseTooMuchText } from '../inference/prompts/too-much-text.js';

/** Every split with its prompts. */
export interface SearchPrompts {
  readonly splits: Readonly<Record<Stage, PromptSplit>>;
  readonly texts: Readonly<Record<Stage, readonly string[]>>;
  readonly prompts: Readonly<Record<Stage, readonly Prompt[]>>;
}

/** The field of a spec that holds a split. */
const FIELDS = { calibration: 'prompts', select: 'select', confirm: 'confirm' } as const;

/** @throws QschedError (usage): an unknown prompt set, too few prompts, splits that overlap, too much text */
export function searchPrompts(spec: SearchSpec, roots?: readonly string[]): SearchPrompts {
  const of = (stage: Stage) => resolveSplit(spec[FIELDS[stage]], FIELDS[stage], roots);
  const found = { calibration: of('calibration'), select: of('select'), confirm: of('confirm') };
  const each = <T>(part: (one: (typeof found)[Stage]) => T): Record<Stage, T> => ({
    calibration: part(found.calibration),
    select: part(found.select),
    confirm: part(found.confirm),
  });
  const texts = each((one) => one.texts);
  refuseOverlap(texts);
  refuseTooMuchText(texts);
  return { splits: each(({ split }) => split), texts, prompts: each(({ prompts }) => prompts) };
}

/** The nouns of every prompt (null: a tagger finds them). */
export const nounsOf = ({ prompts }: SearchPrompts): Record<Stage, PromptNouns> => ({
  calibration: prompts.calibration.map(({ nouns }) => nouns),
  select: prompts.select.map(({ nouns }) => nouns),
  confirm: prompts.confirm.map(({ nouns }) => nouns),
});

/** Texts that encoders read alike are one prompt. */
function refuseOverlap(texts: Readonly<Record<Stage, readonly string[]>>): void {
  const owner = new Map<string, { readonly field: string; readonly text: string }>();
  for (const stage of ['calibration', 'select', 'confirm'] as const) {
    const field = FIELDS[stage];
    for (const text of texts[stage]) {
      const reading = readingOf(text);
      const other = owner.get(reading);
      if (other !== undefined && other.field !== field) {
        const both =
          other.text === text
            ? `both hold "${text}"`
            : `"${other.text}" and "${text}" are one prompt for a text encoder`;
        throw new QschedError(
          'usage',
          `${other.field} and ${field} overlap: ${both}. A verdict needs prompts that the search never saw.`,
          `Give ${other.field} and ${field} different prompts.`,
        );
      }
      owner.set(reading, { field, text });
    }
  }
}
