/**
 * From anything a user wrote to a valid EvaluateSpec, or to one clear sentence.
 */
import { z } from 'zod';
import { canonicalJson } from './canonical-json.js';
import { QschedError } from './errors.js';
import { EvaluateSpec } from './evaluate-spec.js';
import { checkObjective, suggestion } from './validate.js';

type Path = readonly PropertyKey[];

const EXAMPLE = 'For example: {"rows": [{"model": "shapes", "precision": "fp32"}, {"model": "shapes", "precision": "w4a8"}]}';

/**
 * Validates `input` against EvaluateSpec.
 *
 * @param locate adds a place to the message, for example the line of a YAML file
 * @throws QschedError (usage) naming the field, its value and what is allowed
 */
export function parseEvaluateSpec(input: unknown, locate: (path: Path) => string = () => ''): EvaluateSpec {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw new QschedError('usage', 'An evaluation needs an object with rows.', EXAMPLE);
  const result = EvaluateSpec.safeParse(input);
  if (!result.success) throw explain(result.error.issues[0]!, input, locate);
  checkObjective(result.data.objective);
  checkRows(result.data);
  return result.data;
}

/** Coefficients by hand fit their steps, and no row is there twice. */
function checkRows({ rows }: EvaluateSpec): void {
  const seen = new Map<string, number>();
  rows.forEach((row, i) => {
    const { schedule, scheduler: { steps } } = row;
    if (typeof schedule !== 'string') {
      for (const part of ['sample', 'noise'] as const) {
        const { length } = schedule.coefficients[part];
        if (length !== steps) throw new QschedError('usage', `rows.${i}.schedule.coefficients.${part} has ${length} numbers, but the row's scheduler has ${steps} ${steps === 1 ? 'step' : 'steps'}.`, `Give ${steps}, one a step.`);
      }
    }
    const key = canonicalJson(row);
    const other = seen.get(key);
    if (other !== undefined) throw new QschedError('usage', `rows.${other} and rows.${i} are the same.`, 'Leave one of them out.');
    seen.set(key, i);
  });
}

function explain(issue: z.core.$ZodIssue, input: unknown, locate: (path: Path) => string): QschedError {
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    return new QschedError('usage', `${locate([...issue.path, key])}Unknown key "${where === '' ? '' : `${where}.`}${key}".`, suggestion(key, keysAt(issue.path)));
  }
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], input);
  const at = locate(issue.path);
  if (issue.code === 'invalid_value') return new QschedError('usage', `${at}${where} is ${show(value)}, which is not one of the choices.`, suggestion(String(value), issue.values.map(String)));
  if (value === undefined) return new QschedError('usage', `${at}${where} is missing.`, where === 'rows' ? EXAMPLE : `Give ${where}.`);
  const group = issue.code === 'invalid_type' && issue.expected === 'object' ? keysAt(issue.path) : [];
  return new QschedError('usage', `${at}${where} is ${show(value)}: ${group.length > 0 ? `must be a group of keys: ${group.join(', ')}` : issue.message}.`, `Change ${where}.`);
}

function show(value: unknown): string {
  const text = typeof value === 'number' || value === undefined ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The keys that EvaluateSpec allows at a path. */
function keysAt(path: Path): string[] {
  let schema = unwrap(EvaluateSpec);
  for (const key of path) {
    if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[key as string] as z.ZodType);
    else if (schema instanceof z.ZodArray) schema = unwrap(schema.element as z.ZodType);
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  for (;;) {
    if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) schema = schema.unwrap() as z.ZodType;
    else if (schema instanceof z.ZodPipe) schema = schema.in as z.ZodType;
    else return schema;
  }
}
