/**
 * From anything a user wrote to a valid SearchSpec, or to one clear sentence.
 */
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { QschedError } from './errors.js';
import { SearchSpec, type ObjectiveChoice } from './search-spec.js';

/** The nearest allowed word, where it is near enough to be what was meant. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return undefined;
  const best = closest(word.toLowerCase(), allowed as string[]);
  return distance(word.toLowerCase(), best) <= Math.max(2, Math.floor(word.length / 3)) ? best : undefined;
}

/** Choices that a message lists at most. */
const MOST_LISTED = 24;

/** `did you mean "x"?`, or what there is. */
export function suggestion(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed);
  const rest = allowed.length - MOST_LISTED;
  const list = `Allowed: ${allowed.slice(0, MOST_LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
  return near === undefined ? list : `Did you mean "${near}"? ${list}`;
}

type Path = readonly PropertyKey[];

/** One problem of a spec: where, and what is allowed there. */
export interface SpecProblem {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

/**
 * Validates `input` against SearchSpec.
 *
 * @param locate adds a place to the message, for example the line of a YAML file
 * @throws QschedError (usage) naming the field, its value and what is allowed
 */
export function parseSearchSpec(input: unknown, locate: (path: Path) => string = () => ''): SearchSpec {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new QschedError('usage', 'A search needs an object with at least a model.', 'For example: {"model": "shapes", "precision": "w4a8"}');
  }
  const result = SearchSpec.safeParse(input);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => describe(issue, input));
    const first = problems[0]!;
    const others = [...new Set(problems.map((problem) => problem.path.join('.')))].slice(1);
    const more = others.length > 0 ? ` (and ${others.length} more: ${others.join(', ')})` : '';
    throw new QschedError('usage', `${locate(first.path)}${first.message}${more}`, first.hint);
  }
  checkAcross(result.data);
  return result.data;
}

function describe(issue: z.core.$ZodIssue, input: unknown): SpecProblem {
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const allowed = keysAt(issue.path);
    return {
      path: [...issue.path, key],
      message: `Unknown key "${where ? `${where}.` : ''}${key}".`,
      hint: suggestion(key, allowed),
    };
  }
  const value = valueAt(input, issue.path);
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    return { path: issue.path, message: `${where} is ${show(value)}, which is not one of the choices.`, hint: suggestion(String(value), allowed) };
  }
  if (value === undefined) return { path: issue.path, message: `${where} is missing.`, hint: issue.path.length === 1 ? `Give it, as in {"${where}": ...}.` : `Give ${where}.` };
  const isGroup = issue.code === 'invalid_type' && issue.expected === 'object';
  const text = isGroup ? `must be a group of keys: ${keysAt(issue.path).join(', ')}` : issue.message;
  return { path: issue.path, message: `${where} is ${show(value)}: ${text}.`, hint: `Change ${where}.` };
}

function show(value: unknown): string {
  const text = typeof value === 'number' || value === undefined ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function valueAt(input: unknown, path: Path): unknown {
  let value: unknown = input;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined | null)?.[key];
  return value;
}

/** The keys that SearchSpec allows at a path. */
export function keysAt(path: Path): string[] {
  let schema: z.ZodType = SearchSpec;
  for (const key of path) {
    schema = unwrap(schema);
    if (schema instanceof z.ZodObject) schema = schema.shape[key as string] as z.ZodType;
  }
  schema = unwrap(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  for (;;) {
    if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType;
    else if (schema instanceof z.ZodPipe) schema = schema.in as z.ZodType;
    else return schema;
  }
}

/** What no single field shows: seeds and splits that overlap, a grid option without a grid. */
function checkAcross(spec: SearchSpec): void {
  const { prompts, select, confirm, optimizer } = spec;
  checkObjective(spec.objective);
  if (confirm.texts && confirm.texts.length < 2) {
    throw new QschedError('usage', 'confirm.texts holds one prompt: an interval needs at least 2.', 'Add held-out prompts; a verdict needs 20.');
  }
  if (optimizer.gridPoints !== undefined && optimizer.type !== 'grid') {
    throw new QschedError('usage', `optimizer.gridPoints is only for the grid, and optimizer.type is "${optimizer.type}".`, 'Leave it out, or set optimizer.type to "grid".');
  }
  if (optimizer.type === 'cma-es' && optimizer.batch === 1) {
    throw new QschedError('usage', 'optimizer.batch is 1: CMA-ES ranks the candidates of a generation and needs at least 2.', 'Use one-plus-one for one candidate at a time.');
  }
  const splits = [['prompts', prompts], ['select', select], ['confirm', confirm]] as const;
  for (const [a, one] of splits) {
    if (one.texts && one.texts.length < one.count && 'count' in one && one.count !== SearchSpec.shape[a].parse({}).count) {
      throw new QschedError('usage', `${a}.count is ${one.count}, but ${a}.texts holds ${one.texts.length} prompts.`, `Lower ${a}.count or add prompts.`);
    }
    for (const [b, two] of splits) {
      if (a >= b) continue;
      const shared = sharedPrompt(one, two);
      if (shared !== undefined) {
        throw new QschedError('usage', `${a} and ${b} overlap: both use ${shared}. A verdict needs prompts that the search never saw.`, `Give ${a} and ${b} different prompts.`);
      }
    }
  }
}

/** Weights belong to the weighted objective, and to it alone. @throws QschedError (usage) */
export function checkObjective({ type, weights }: ObjectiveChoice): void {
  if (type === 'weighted' && (weights === undefined || Object.keys(weights).length === 0)) {
    throw new QschedError('usage', 'objective.type is "weighted", but objective.weights names no score.', 'For example: {"weights": {"clip-score-hessel": 1, "clip-iqa.quality": 2}}');
  }
  if (type !== 'weighted' && weights !== undefined) {
    throw new QschedError('usage', `objective.weights is only for the weighted objective, and objective.type is "${type}".`, 'Leave one of them out.');
  }
}

interface Split { readonly set: string; readonly texts?: string[] | undefined }

function sharedPrompt(one: Split, two: Split): string | undefined {
  if (one.texts && two.texts) {
    const known = new Set(one.texts);
    const text = two.texts.find((t) => known.has(t));
    return text === undefined ? undefined : `the prompt "${text}"`;
  }
  return !one.texts && !two.texts && one.set === two.set ? `the prompt set "${one.set}"` : undefined;
}
