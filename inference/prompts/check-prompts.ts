/**
 * What is wrong, or worth knowing, about prompt sets before they are used.
 */
import { readingOf } from '../../contract/same-prompt.js';
import type { TextReader } from '../models/model-tokenizers.js';

/** A named list of texts. */
export interface TextSet {
  readonly name: string;
  readonly texts: readonly string[];
}

/** Positions count from 1. */
export interface SetFindings {
  readonly name: string;
  readonly prompts: number;
  readonly words: { readonly min: number; readonly mean: number; readonly max: number };
  readonly empty: readonly number[];
  /** A text and the earlier one that encoders read alike. */
  readonly duplicates: readonly (readonly [number, number])[];
  /** Texts with control characters other than line ends and tabs. */
  readonly control: readonly number[];
  /** Texts that are not in Unicode's composed form (NFC). */
  readonly notComposed: readonly number[];
  /** Texts that a tokenizer cuts, by its name. */
  readonly cut: Readonly<Record<string, readonly number[]>>;
}

/** A text of one set that another set has too. */
export interface Overlap {
  readonly sets: readonly [string, string];
  readonly positions: readonly [number, number];
  readonly text: string;
}

/** Everything that was found. */
export interface PromptFindings {
  readonly sets: readonly SetFindings[];
  readonly overlaps: readonly Overlap[];
}

/** \p{Cc} without tab, line feed and carriage return. */
const CONTROL = /(?![\t\n\r])\p{Cc}/u;

/**
 * @param readers the tokenizers of a model: texts with equal ids are then duplicates too, cut texts included
 */
export function checkPrompts(sets: readonly TextSet[], readers: readonly TextReader[] = []): PromptFindings {
  const overlaps: Overlap[] = [];
  const everywhere = new Map<string, { readonly set: string; readonly position: number }>();
  const findings = sets.map(({ name, texts }): SetFindings => {
    const here = new Map<string, number>();
    const duplicates: (readonly [number, number])[] = [];
    for (const [i, text] of texts.entries()) {
      if (text.trim() === '') continue;
      const keys = keysOf(text, readers);
      const first = keys.map((key) => here.get(key)).find((position) => position !== undefined);
      if (first !== undefined) duplicates.push([first, i + 1]);
      const other = keys.map((key) => everywhere.get(key)).find((place) => place !== undefined && place.set !== name);
      if (first === undefined && other !== undefined) {
        overlaps.push({ sets: [other.set, name], positions: [other.position, i + 1], text });
      }
      for (const key of keys) {
        if (!here.has(key)) here.set(key, i + 1);
        if (!everywhere.has(key)) everywhere.set(key, { set: name, position: i + 1 });
      }
    }
    return { name, ...countsOf(texts), duplicates, cut: cutBy(readers, texts) };
  });
  return { sets: findings, overlaps };
}

/** A text as all encoders may read it, and as those of a model do. */
const keysOf = (text: string, readers: readonly TextReader[]): string[] => [
  `text ${readingOf(text)}`,
  ...(readers.length === 0 ? [] : [`ids ${readers.map(({ ids }) => ids(text).join(' ')).join('|')}`]),
];

function countsOf(texts: readonly string[]): Omit<SetFindings, 'name' | 'duplicates' | 'cut'> {
  const where = (is: (text: string) => boolean): number[] => texts.flatMap((text, i) => (is(text) ? [i + 1] : []));
  const words = texts.map((text) => text.split(/\s+/).filter(Boolean).length);
  return {
    prompts: texts.length,
    words: {
      min: words.reduce((a, b) => Math.min(a, b), words[0] ?? 0),
      mean: words.reduce((a, b) => a + b, 0) / Math.max(1, words.length),
      max: words.reduce((a, b) => Math.max(a, b), 0),
    },
    empty: where((text) => text.trim() === ''),
    control: where((text) => CONTROL.test(text)),
    notComposed: where((text) => text !== text.normalize('NFC')),
  };
}

const cutBy = (readers: readonly TextReader[], texts: readonly string[]): Record<string, number[]> =>
  Object.fromEntries(
    readers.map(({ name, truncated }) => [name, texts.flatMap((text, i) => (truncated([text]) > 0 ? [i + 1] : []))]),
  );
