/**
 * Prompts of a JSON or YAML document, in one of the forms that published sets have:
 *
 *     list   ["a cat", {"text": "a dog", "nouns": ["dog"]}], or {"prompts": [...]}
 *     coco   {"annotations": [{"image_id": 9, "caption": "..."}]}: COCO's captions; the first one of every image
 *     mjhq   {"<id>": {"category": "food", "prompt": "..."}}: meta_data.json of MJHQ-30K
 *     sdci   {"<id>": "caption"}: sDCI.yaml, which Q-Sched's reference calibrates on
 */
import { isFields, kindOf, promptOf, quoted } from './prompt-entry.js';
import type { FilePrompt } from './prompt.js';

export type DocumentForm = 'list' | 'coco' | 'mjhq' | 'sdci';

/** The prompts of a document. */
export interface DocumentPrompts {
  readonly form: DocumentForm;
  readonly prompts: readonly FilePrompt[];
  /** The document's own `license`, if it has one. */
  readonly license: string | null;
}

/** A document: mappings as maps, which keep the order of the file. */
export type PromptDocument = readonly unknown[] | ReadonlyMap<string, unknown>;

/**
 * @param value what the parser returned
 * @throws Error if it is neither a list nor a mapping
 */
export function documentOf(value: unknown): PromptDocument {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return value as ReadonlyMap<string, unknown>;
  if (isFields(value)) return new Map(Object.entries(value));
  throw new Error(`it is ${kindOf(value)}, neither a list nor a mapping`);
}

/**
 * @param wanted the form that it must have; by default the one that it has, if there is no doubt
 * @throws Error saying what was found
 */
export function documentPrompts(document: PromptDocument, wanted?: DocumentForm): DocumentPrompts {
  const form = wanted ?? formOf(document);
  const license = document instanceof Map ? (document.get('license') as unknown) : undefined;
  return {
    form,
    prompts: READERS[form](document),
    license: form === 'list' && typeof license === 'string' ? license : null,
  };
}

const READERS: Readonly<Record<DocumentForm, (document: PromptDocument) => FilePrompt[]>> = {
  list: (document) => listOf(document, 'prompts').map((entry, i) => promptOf(entry, `entry ${i + 1}`)),
  coco: cocoPrompts,
  mjhq: (document) => mappingOf(document).map(([id, entry]) => promptOf(entry, `"${id}"`)),
  sdci: (document) =>
    mappingOf(document).map(([id, text]) => {
      if (typeof text !== 'string') throw new Error(`"${id}" is ${kindOf(text)}, not a caption`);
      return { text, nouns: null, category: null };
    }),
};

function formOf(document: PromptDocument): DocumentForm {
  if (!(document instanceof Map)) return 'list';
  const map = document as ReadonlyMap<string, unknown>;
  if (map.size === 0) throw new Error('it is an empty mapping');
  const known = ['prompts', 'annotations'].filter((key) => Array.isArray(map.get(key)));
  if (known.length > 1) throw new Error('it has both "prompts" and "annotations": which of them counts is ambiguous');
  if (known.length === 1) return known[0] === 'prompts' ? 'list' : 'coco';
  const values = [...map.values()];
  if (values.every(isFields)) return 'mjhq';
  if (!values.every((value) => typeof value === 'string')) {
    throw new Error(`it is a mapping with ${quoted([...map.keys()])} and without a list "prompts"`);
  }
  const settings = [...map].find(([, value]) => !/\S\s+\S/.test(value as string));
  if (settings === undefined) return 'sdci';
  throw new Error(
    `it maps names to texts, but "${settings[0]}" is the single word "${String(settings[1])}", so that it may be no ` +
      'captions at all',
  );
}

function listOf(document: PromptDocument, key: string): readonly unknown[] {
  const list: unknown = document instanceof Map ? document.get(key) : document;
  if (!Array.isArray(list)) throw new Error(`it needs a list "${key}"`);
  return list;
}

function mappingOf(document: PromptDocument): [string, unknown][] {
  if (!(document instanceof Map)) throw new Error('it is a list, not a mapping of ids');
  return [...(document as ReadonlyMap<string, unknown>)];
}

/** The first caption of every image, in the order of the file. */
function cocoPrompts(document: PromptDocument): FilePrompt[] {
  const captions = new Map<string | number, FilePrompt>();
  for (const [i, annotation] of listOf(document, 'annotations').entries()) {
    const { image_id: image, caption } = isFields(annotation) ? annotation : {};
    if (typeof caption !== 'string') {
      throw new Error(
        `annotation ${i + 1} has no caption: captions are in COCO's captions_train2017.json and captions_val2017.json`,
      );
    }
    if (typeof image !== 'string' && typeof image !== 'number') {
      throw new Error(`annotation ${i + 1} has no image_id, so that it is unclear which captions are of one image`);
    }
    if (!captions.has(image)) captions.set(image, { text: caption, nouns: null, category: null });
  }
  return [...captions.values()];
}
