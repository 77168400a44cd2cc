/**
 * Zod's issues as one sentence for a reader: the first problem in full, the others by name.
 */
import { z } from 'zod';
import { QschedError } from './errors.js';
import { suggestion } from './suggestion.js';

/** Where in a spec: keys and places of a list, from the outside. */
export type Path = readonly PropertyKey[];

/** What is wrong at one place. */
interface Problem {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

/** Problems that a message names beside the first one at most. */
const MAX_NAMED = 6;
/** Characters of a wrong value that a message shows at most. */
const MAX_SHOWN = 80;

/** How the problems of one kind of spec are told. */
export interface Explanation {
  /** What `input` was checked against. */
  readonly schema: z.ZodType;
  readonly input: unknown;
  /** Adds a place to the message, for example the line of a YAML file. */
  readonly locate?: (path: Path) => string;
  /** The hint where a key of the outermost group is missing. */
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

function problemsOf(issue: z.core.$ZodIssue, { schema, input, example }: Explanation): Problem[] {
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
  return [{ path, message: `${where} is ${show(value)}: ${text}.`, hint: `Change ${where}.` }];
}

function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 3)}...` : text;
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce((at, key) => (at as Record<PropertyKey, unknown> | undefined | null)?.[key], input);
}

/** The keys that a schema allows at a path; none where there is no group. */
export function keysAt(schema: z.ZodType, path: Path): string[] {
  let at = unwrap(schema);
  for (const key of path) {
    if (at instanceof z.ZodObject) at = unwrap(at.shape[key as string] as z.ZodType);
    else if (at instanceof z.ZodArray) at = unwrap(at.element as z.ZodType);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** What a default, an optional or a transformed schema is about. */
function unwrap(schema: z.ZodType): z.ZodType {
  for (;;) {
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
