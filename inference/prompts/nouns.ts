/**
 * Nouns of a prompt for AQ-MAP if its prompt set has none: the last noun of every noun chunk, by the part-of-speech tags
 * of wink-nlp 2.4 with wink-eng-lite-web-model 1.8. spaCy, which the reference uses, parses and finds slightly different
 * chunks: prefer nouns in the prompt set.
 */
import type { ItemToken, ItsFunction } from 'wink-nlp';

interface Word {
  readonly text: string;
  readonly tag: string;
  readonly stop: boolean;
}

/** The part of wink's helpers that is used; they are plain functions. */
interface Helpers {
  readonly pos: ItsFunction<string>;
  readonly stopWordFlag: ItsFunction<boolean>;
}

let opened: Promise<(text: string) => Word[]> | undefined;

/**
 * The noun chunks of a text are cut out, and each gives its last noun or proper noun that is not a stop word; a
 * text with fewer than two chunks gives the last noun of the whole text.
 *
 * @returns nouns in the order of the text; '' for a chunk without one (a pronoun), which AQ-MAP scores 0.5; empty
 *   if the text has no noun
 */
export async function nounsOf(text: string): Promise<readonly string[]> {
  opened ??= openTagger();
  const words = (await opened)(text);
  const chunks = chunksOf(words);
  if (chunks.length < 2) return [lastNoun(words)].filter((noun) => noun !== '');
  return chunks.map(lastNoun);
}

/** How many prompts have no nouns of their own, so that their scores depend on the tagger. */
export function countTagged(prompts: readonly { readonly nouns?: readonly string[] | null }[]): number {
  return prompts.filter(({ nouns }) => nouns === undefined || nouns === null).length;
}

async function openTagger(): Promise<(text: string) => Word[]> {
  const [{ default: winkNlp }, { default: model }] = await Promise.all([
    import('wink-nlp'),
    import('wink-eng-lite-web-model'),
  ]);
  const nlp = winkNlp(model, ['sbd', 'pos']);
  const its: Helpers = nlp.its;
  return (text) => {
    const words: Word[] = [];
    nlp
      .readDoc(text)
      .tokens()
      .each((token: ItemToken) => {
        words.push({ text: token.out(), tag: token.out(its.pos), stop: token.out(its.stopWordFlag) === true });
      });
    return words;
  };
}

const isNoun = ({ tag }: Word): boolean => tag === 'NOUN' || tag === 'PROPN';

/** Tags that a chunk may hold beside its nouns. */
const INSIDE = new Set(['ADJ', 'NUM', 'NOUN', 'PROPN', 'PART']);

/** Pronouns that begin a chunk as an article does. */
const POSSESSIVE = new Set(['my', 'your', 'his', 'her', 'its', 'our', 'their', 'whose']);

/** Runs of determiner, adjectives, numbers and nouns that hold a noun, and pronouns by themselves. */
function chunksOf(words: readonly Word[]): Word[][] {
  const chunks: Word[][] = [];
  let run: Word[] = [];
  const close = (): void => {
    if (run.some((word) => isNoun(word) || word.tag === 'PRON')) chunks.push(run);
    run = [];
  };
  for (const word of words) {
    if (word.tag === 'DET' || POSSESSIVE.has(word.text.toLowerCase())) {
      close();
      run = [word];
    } else if (INSIDE.has(word.tag)) {
      run.push(word);
    } else {
      close();
      if (word.tag === 'PRON') chunks.push([word]);
    }
  }
  close();
  return chunks;
}

const lastNoun = (words: readonly Word[]): string => words.findLast((word) => isNoun(word) && !word.stop)?.text ?? '';
