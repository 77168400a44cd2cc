/**
 * Ids made from content: the same search, evaluation or fit has the same id, whoever starts it and on whatever machine.
 *
 * Defaults are part of the content, and frozen at those of 0.1: a field that a later release adds, and a default that it
 * changes, leave the ids of existing specs as they are, so what was interrupted is found again.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './canonical-json.js';
import { EvaluateRow, EvaluateSpec } from './evaluate-spec.js';
import { SearchSpec } from './search-spec.js';
import { MatchInput, PtqdInput } from './fit-payloads.js';
import type { StudyInput } from './study-spec.js';
import { pipelineChoice } from './pipeline-choice.js';
import { parseEvaluateSpec } from './validate-evaluate.js';
import { parseSearchSpec } from './validate.js';

/** A group of fields. */
type Group = Readonly<Record<string, unknown>>;

const SCHEDULER = { type: 'tcd', steps: 4, eta: 0 };
const OBJECTIVE = { type: 'jaq-clip', k: 2, scorer: 'objective' };
/** Defaults of 0.1. Never change them. */
const SEARCH = {
  precision: 'w4a8',
  scheduler: SCHEDULER,
  coefficients: { shape: 'linear', tune: 'both', range: [0.8, 1.2] },
  objective: OBJECTIVE,
  prompts: { set: 'shapes-calibration', count: 20, seeds: [0, 1] },
  optimizer: { type: 'cma-es', budget: 200, seed: 0 },
  select: { set: 'shapes-select', count: 64, seeds: [500], finalists: 5 },
  confirm: { set: 'shapes-heldout', count: 128, seeds: [1000], scorers: ['second'] },
  control: 'none',
  waitForWorker: 600,
  retryFailed: false,
};
const EVALUATE = {
  prompts: { set: 'shapes-eval', count: 1000, seeds: [2000] },
  objective: OBJECTIVE,
  scorers: ['second'],
  features: 'second',
  retryFailed: false,
  waitForWorker: 600,
};
const ROW = { precision: 'w4a8', scheduler: SCHEDULER, schedule: 'identity' };

/**
 * The first digits of the SHA-256 of the value's canonical JSON.
 *
 * @param value plain JSON; the order of keys does not matter
 * @param digits hexadecimal digits, at most 64
 */
export const contentId = (value: unknown, digits = 12): string =>
  bytesToHex(sha256(utf8ToBytes(canonicalJson(value)))).slice(0, digits);

/**
 * The id of a search, for example `shapes-w4a8-cma-es-1a2b3c4d`.
 *
 * @param spec a SearchSpec as a user wrote it, or with its defaults filled
 * @throws QschedError (usage) if the spec is not valid
 */
export function searchIdOf(spec: unknown): string {
  const content = searchContent(spec);
  const { model, precision, optimizer } = content;
  return `${model}-${precision}-${optimizer.type}-${contentId(content, 8)}`;
}

/**
 * The id of an evaluation.
 *
 * @param spec an EvaluateSpec as a user wrote it, or with its defaults filled
 * @throws QschedError (usage) if the spec is not valid
 */
export function evaluateIdOf(spec: unknown): string {
  const { rows, ...rest } = parseEvaluateSpec(spec);
  const [{ model }] = rows as [EvaluateRow];
  const { rows: _, ...now } = EvaluateSpec.parse({ rows: [{ model }] });
  const content = {
    ...(withDefaults(rest, now, EVALUATE) as Group),
    rows: rows.map((row) => withDefaults(row, EvaluateRow.parse({ model: row.model }), { model: row.model, ...ROW })),
  };
  return `evaluate-${contentId(content)}`;
}

/** The id of a study: one of the paper's tables or figures with its options, as they were given. */
export const reproduceIdOf = (input: StudyInput): string => `study-${input.name}-${contentId(input)}`;

/**
 * The id of a PTQD fit: only what the fit depends on counts, so not what a search would do with the model besides.
 *
 * @param input a PtqdInput as a user wrote it, or with its defaults filled
 * @throws QschedError (usage) if the spec within it is not valid
 */
export function ptqdIdOf(input: unknown): string {
  const { search, gamma, bias } = PtqdInput.parse(input);
  return `ptqd-${contentId({ gamma, bias, ...fitContent(search) })}`;
}

/** The id of a least-squares match. @throws QschedError (usage) if the spec within the input is not valid */
export const matchIdOf = (input: unknown): string => `match-${contentId(fitContent(MatchInput.parse(input).search))}`;

/** What of a search's spec a fit depends on. */
function fitContent(search: unknown): Group {
  const { model, precision, scheduler, prompts, ...rest } = searchContent(search);
  const { set, ...given } = prompts;
  const named = given.texts === undefined ? { set, ...given } : given; // texts take the place of a set
  return { model, precision, scheduler, prompts: named, ...pipelineChoice(rest) };
}

/** A search's spec with the defaults of 0.1. */
function searchContent(spec: unknown): SearchSpec {
  const { racing, prior, ...filled } = parseSearchSpec(spec);
  const { growTo, ...coefficients } = filled.coefficients;
  const { model } = filled;
  const { coefficients: usual, racing: _r, prior: _p, ...now } = SearchSpec.parse({ model });
  const content = withDefaults(
    { ...filled, coefficients },
    // Another optimizer asks other candidates: what was the default of 0.1 and is so no longer is not put in its place.
    { ...now, coefficients: { ...usual, growTo: undefined }, optimizer: SEARCH.optimizer },
    { model, ...SEARCH },
  ) as SearchSpec;
  return {
    ...content,
    ...(racing === 'off' ? {} : { racing }),
    ...(prior === 'none' ? {} : { prior }),
    ...(growTo === null ? {} : { coefficients: { ...content.coefficients, growTo } }),
  };
}

/**
 * Puts other defaults in place of today's.
 *
 * @param value a filled spec, or a part of one
 * @param now what it is by today's defaults
 * @param then what it is by the others; undefined for a field that they do not have, which is then left out
 */
function withDefaults(value: unknown, now: unknown, then: unknown): unknown {
  if (canonicalJson(value) === canonicalJson(now)) return then;
  if (!isGroup(value)) return value;
  const [today, other] = [isGroup(now) ? now : {}, isGroup(then) ? then : {}];
  const keys = new Set([...Object.keys(value), ...Object.keys(other)]);
  return Object.fromEntries([...keys].map((key) => [key, withDefaults(value[key], today[key], other[key])]));
}

const isGroup = (value: unknown): value is Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
