/**
 * Plug-in scores: their declaration in scorer.json, and the interface of a module that computes them. A declaration is
 * read without running any code.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { RgbImage } from '../../metrics/images/image.js';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';

/** Images with the prompts they were made from, in the same order. */
export interface PluginBatch {
  readonly images: readonly RgbImage[];
  readonly prompts: readonly string[];
}

/** One number per image for every declared score; null, NaN and infinite numbers are failures of that image. */
export type PluginScores = Readonly<Record<string, readonly (number | null)[] | Float32Array | Float64Array>>;

/** What the module of a `module` scorer exports under the name `scorer`. */
export interface PluginScorer {
  /**
   * Scores images, each on its own: the numbers of an image must not depend on the others of
   * its batch, on how many there are, or on anything but the image, its prompt and the hashed files.
   * An error stops the batch: nothing is stored, and it is tried again.
   */
  score(batch: PluginBatch): PluginScores | Promise<PluginScores>;
  /** Called once, when the scorer is no longer needed. */
  release?(): void | Promise<void>;
}

/** One score as scorer.json declares it. */
export interface DeclaredScore {
  readonly name: string;
  /** Which way is better. */
  readonly direction: 'higher' | 'lower';
  /** Whether it compares the image with its prompt, or judges the image alone. */
  readonly judges: 'text' | 'quality';
  /** The ends of its scale, for readers; infinite if scorer.json has null. Values are not checked against it. */
  readonly range: readonly [number, number];
}

const end = z.number('must be a finite number, or null for no end').nullable();

const Score = z.strictObject(
  {
    name: z
      .string('must be a name')
      .regex(
        /^[A-Za-z][A-Za-z0-9]*([._-][A-Za-z0-9]+)*$/,
        'must be a plain name: letters and digits, joined by ".", "_" or "-"',
      )
      .max(64, 'takes at most 64 characters'),
    direction: z.enum(['higher', 'lower'], 'must be "higher" or "lower": which way is better'),
    judges: z.enum(
      ['text', 'quality'],
      'must be "text" (compares with the prompt) or "quality" (judges the image alone)',
    ),
    range: z
      .tuple([end, end], 'must be [low, high], with null for no end')
      .refine(([low, high]) => low === null || high === null || low < high, 'must be [low, high] with low below high'),
  },
  'must be {"name", "direction", "judges", "range"}',
);

/** `scores` of scorer.json. */
export const DeclaredScores = z
  .array(Score, 'must be a list of scores')
  .min(1, 'needs at least one score')
  .max(64, 'takes at most 64 scores')
  .refine((scores) => new Set(scores.map(({ name }) => name)).size === scores.length, 'must name every score once');

/** Kinds whose scorer.json declares its scores. */
const PLUGIN_KINDS: readonly unknown[] = ['module', 'http'];

/**
 * The scores that a scorer.json declares, in the order of a row; none for a kind that is not a plug-in.
 *
 * @throws QschedError (usage) if the declaration is wrong
 */
export function declaredScores(manifest: Readonly<Record<string, unknown>>, folder = ''): DeclaredScore[] {
  if (!PLUGIN_KINDS.includes(manifest['kind'])) return [];
  const { scores } = parseManifest(z.object({ scores: DeclaredScores }), manifest, folder);
  return scores.map(({ name, direction, judges, range: [low, high] }) => ({
    name,
    direction,
    judges,
    range: [low ?? -Infinity, high ?? Infinity],
  }));
}

/**
 * Reads a scorer.json by its schema.
 *
 * @throws QschedError (usage) naming the file, the field, its value and what is allowed
 */
export function parseManifest<T extends z.ZodObject>(
  schema: T,
  manifest: Readonly<Record<string, unknown>>,
  folder: string,
): z.infer<T> {
  const result = schema.safeParse(manifest);
  if (result.success) return result.data;
  const file = join(folder, 'scorer.json');
  const issue = result.error.issues[0]!;
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const allowed = Object.keys(where === '' ? schema.shape : Score.shape);
    throw new QschedError(
      'usage',
      `${file}: unknown key "${where === '' ? '' : `${where}.`}${issue.keys[0]!}".`,
      suggestion(issue.keys[0]!, allowed),
    );
  }
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
    manifest,
  );
  const text = value === undefined ? 'is missing' : `is ${show(value, where)}`;
  throw new QschedError(
    'usage',
    `${file}: ${where} ${text}: ${issue.message}.`,
    'docs/scorers.md describes every key.',
  );
}

/** A value in short; what may be a secret in the wrong place is not repeated. */
function show(value: unknown, where: string): string {
  if (where === 'authorizationEnv') return 'no name';
  const text = JSON.stringify(value).replace(/\/\/[^/@]*@/, '//***@');
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Names the fault of an answer as a QschedError. */
export type Complaint = (what: string) => QschedError;

/**
 * Columns by name, as a plug-in gives them, to one row per image in the order of `names`.
 * null becomes NaN; columns that were not declared are left out.
 *
 * @throws the error of `complaint` if a column is missing, has another length, or holds anything but numbers
 */
export function rowsOfColumns(
  columns: unknown,
  names: readonly string[],
  count: number,
  complaint: Complaint,
): Float64Array[] {
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) {
    throw complaint(`the scores are ${kindOf(columns)}, expected an object {"${names[0]}": [${count} numbers]}`);
  }
  const rows = Array.from({ length: count }, () => new Float64Array(names.length));
  names.forEach((name, n) => {
    const column = Object.hasOwn(columns, name) ? (columns as Record<string, unknown>)[name] : undefined;
    if (column === undefined) {
      throw complaint(
        `the score "${name}" is missing, expected ${names.join(', ')}; ` +
          `there is ${Object.keys(columns).join(', ') || 'none'}`,
      );
    }
    if (!isColumn(column)) {
      throw complaint(`the score "${name}" is ${kindOf(column)}, expected a list of ${count} numbers`);
    }
    if (column.length !== count) {
      throw complaint(`the score "${name}" has ${column.length} numbers, expected ${count}, one per image`);
    }
    for (let i = 0; i < count; i += 1) {
      const value = column[i];
      if (value !== null && typeof value !== 'number') {
        throw complaint(
          `the score "${name}" of image ${i} is ${kindOf(value)}, expected a number, or null if it has none`,
        );
      }
      rows[i]![n] = value ?? NaN;
    }
  });
  return rows;
}

const isColumn = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || value instanceof Float64Array || value instanceof Float32Array;

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object'
    ? 'an object'
    : `the ${typeof value} ${JSON.stringify(value)?.slice(0, 60) ?? ''}`.trim();
}
