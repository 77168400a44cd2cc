/**
 * Zod's issues as one sentence for users: the first problem in full, the others by name.
 */
import { z } from 'zod';
import { QschedError } from './errors.js';
import { suggestion } from './suggestion.js';

/** A place in a spec: keys and list indices, outermost first. */
export type Path = readonly PropertyKey[];

/** A problem at one place. */
interface Problem {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

/** Maximum number of problems that a message names after the first one. */
const MAX_NAMED = 6;
/** Maximum number of characters shown of a wrong value. */
const MAX_SHOWN = 80;

/** How to explain the problems of one kind of spec. */
export interface Explanation {
  /** The schema that `input` was checked against. */
  readonly schema: z.ZodType;
  readonly input: unknown;
  /** Prefix for the message: the line of a YAML file, or the flag, as in `--steps: `. */
  readonly locate?: (path: Path) => string;
  /** Hint for a missing key of the outermost group. */
  readonly example: string;
}

/** @returns a QschedError (usage) that names the field, its value and what is allowed */
export function explainIssues(issues: readonly z.core.$ZodIssue[], explanation: Explanation): QschedError {
  const problems = issues.flatMap((issue) => problemsOf(issue, explanation));
  const [first] = problems as [Problem];
  const others = [...new Set(problems.map(({ path }) => path.join('.')))].filter(
    (path) => path !== first.path.join('.'),
  );
  const named = `${others.slice(0, MAX_NAMED).join(', ')}${others.length > MAX_NAMED ? ', ...' : ''}`;
  const more = others.length > 0 ? ` (and ${others.length} more: ${named})` : '';
  return new QschedError('usage', `${explanation.locate?.(first.path) ?? ''}${first.message}${more}`, first.hint);
}

function problemsOf(issue: z.core.$ZodIssue, { schema, input, example, locate }: Explanation): Problem[] {
  const { path } = issue;
  const where = path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const allowed = keysAt(schema, path);
    const named = (key: string): string => (where === '' ? key : `${where}.${key}`);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `Unknown key "${named(key)}".`,
      hint: suggestion(key, allowed),
    }));
  }
  const value = valueAt(input, path);
  if (issue.code === 'invalid_value') {
    const message = `${where} is ${show(value)}, which is not one of the choices.`;
    return [{ path, message, hint: suggestion(String(value), issue.values.map(String)) }];
  }
  if (value === undefined) {
    return [{ path, message: `${where} is missing.`, hint: path.length === 1 ? example : `Give ${where}.` }];
  }
  const keys = issue.code === 'invalid_type' && issue.expected === 'object' ? keysAt(schema, path) : [];
  const text = keys.length > 0 ? `must be a group of keys: ${keys.join(', ')}` : issue.message;
  const hint = exampleAt(schema, path, locate?.(path) ?? '');
  return [{ path, message: `${where} is ${show(value)}: ${text}.`, hint: hint ?? `Change ${where}.` }];
}

/** How to set a field to its default, as a flag if it was set by one; null if it has no plain default. */
function exampleAt(schema: z.ZodType, path: Path, place: string): string | null {
  const parent = groupAt(schema, path.slice(0, -1));
  const field = parent?.shape[path.at(-1) as string] as z.ZodType | undefined;
  const byDefault = field instanceof z.ZodDefault ? field.def.defaultValue : undefined;
  if (typeof byDefault !== 'number' && typeof byDefault !== 'string') return null;
  const flag = /^(--[a-z-]+): $/.exec(place)?.[1];
  return flag === undefined ? `For example: ${path.join('.')}: ${byDefault}` : `For example: ${flag} ${byDefault}`;
}

function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 3)}...` : text;
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce((at, key) => (at as Record<PropertyKey, unknown> | undefined | null)?.[key], input);
}

/** The keys that a schema allows at a path; none if there is no group. */
export function keysAt(schema: z.ZodType, path: Path): string[] {
  return Object.keys(groupAt(schema, path)?.shape ?? {});
}

function groupAt(schema: z.ZodType, path: Path): z.ZodObject | null {
  let at = unwrap(schema);
  for (const key of path) {
    if (at instanceof z.ZodObject) at = unwrap(at.shape[key as string] as z.ZodType);
    else if (at instanceof z.ZodArray) at = unwrap(at.element as z.ZodType);
  }
  return at instanceof z.ZodObject ? at : null;
}

/** The schema inside a default, an optional or a transformation; of a union with a group, the group. */
function unwrap(schema: z.ZodType): z.ZodType {
  for (;;) {
    if (schema instanceof z.ZodUnion) {
      return (schema.options as z.ZodType[]).find((option) => option instanceof z.ZodObject) ?? schema;
    }
    if (
      schema instanceof z.ZodDefault ||
      schema instanceof z.ZodPrefault ||
      schema instanceof z.ZodOptional ||
      schema instanceof z.ZodNullable
    ) {
      schema = schema.unwrap() as z.ZodType;
    } else if (schema instanceof z.ZodPipe) {
      schema = schema.in as z.ZodType;
    } else {
      return schema;
    }
  }
}
