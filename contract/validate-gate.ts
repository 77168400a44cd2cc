/**
 * Validates a GateSpec that a user wrote, or explains in one sentence what is wrong.
 */
import { canonicalJson } from './canonical-json.js';
import { QschedError } from './errors.js';
import type { EvaluateSpec } from './evaluate-spec.js';
import { explainIssues, type Path } from './explain-issues.js';
import { evaluationInput, isOfFolders, splitScores, withEvaluation, type SettledGate } from './gate-evaluation.js';
import { GateSpec, LEAST_PROMPTS } from './gate-spec.js';
import { settleCount } from './prompt-count.js';
import { settleEvaluation } from './settle-evaluate.js';
import type { SettlingFacts, Written } from './settle-search.js';
import { suggestion } from './suggestion.js';
import { readEvaluateSpec } from './validate-evaluate.js';

const EXAMPLE =
  'For example: {"reference": {"model": "shapes", "precision": "fp32"}, "candidate": {"model": "shapes", "precision": "w4a8"}}';

type Locate = (path: Path) => string;

/** A gate that is valid field by field, and its evaluation, with what fits the bundled model where something was left out. */
export interface ReadGate {
  readonly spec: GateSpec;
  readonly evaluation: EvaluateSpec;
}

/**
 * Field by field, and what the two sides must have in common.
 *
 * @param locate prefix for the message: the line of a YAML file, or a flag
 * @throws QschedError (usage) with the field, its value and what is allowed
 */
export function readGate(written: unknown, locate: Locate = () => ''): ReadGate {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    throw new QschedError('usage', 'A gate needs an object with a reference and a candidate.', EXAMPLE);
  }
  refuseZeroMargins(written as Written, locate);
  const result = GateSpec.safeParse(written);
  if (!result.success) {
    throw explainIssues(result.error.issues, { schema: GateSpec, input: written, locate, example: EXAMPLE });
  }
  const spec = result.data;
  checkSides(spec, locate);
  const byDefault = GateSpec.shape.prompts.parse({}).count;
  settleCount('prompts', spec.prompts, (written as Written)['prompts'], byDefault, locate(['prompts', 'count']));
  checkPrompts(spec, locate);
  const evaluation = asSides(() => readEvaluateSpec(evaluationInput(written as Written), fromRows(locate)));
  checkMargins(spec, spec.scores ?? null, locate);
  return { spec, evaluation };
}

/**
 * The gate with the defaults of its models.
 *
 * @param facts what the network of every side says of itself, in order; of folders, the model whose scorers are used
 * @throws QschedError (usage) as `readGate` does, and: a margin for a score that is not looked at, two sides that are the
 *   same
 */
export function settleGate(written: unknown, facts: readonly SettlingFacts[], locate: Locate = () => ''): SettledGate {
  const { spec } = readGate(written, locate);
  const input = evaluationInput(written as Written);
  const settled = withEvaluation(
    spec,
    asSides(() => settleEvaluation(input, facts, fromRows(locate))),
  );
  checkPrompts(settled.spec, locate);
  checkMargins(settled.spec, settled.spec.scores, locate);
  refuseSame(settled.spec);
  return settled;
}

/** Rows of the evaluation are sides of the gate. */
const SIDES = ['reference', 'candidate'] as const;
const fromRows =
  (locate: Locate): Locate =>
  ([first, second, ...rest]) =>
    locate(
      first === 'rows'
        ? [SIDES[Number(second)] ?? 'candidate', ...rest]
        : [first!, second!, ...rest].filter((key) => key !== undefined),
    );

/** Messages about rows name the side. */
function asSides<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof QschedError)) throw error;
    const [message, hint] = [error.message, error.hint].map((text) =>
      text.replaceAll('rows.0', 'reference').replaceAll('rows.1', 'candidate'),
    );
    throw new QschedError(error.code, message!, hint, error.final);
  }
}

function refuseZeroMargins({ margins, spread }: Written, locate: Locate): void {
  const given = typeof margins === 'object' && margins !== null ? Object.entries(margins) : [];
  const zero = given.find(([, value]) => value === 0);
  if (zero === undefined && spread !== 0) return;
  const where = zero === undefined ? 'spread' : `margins.${zero[0]}`;
  throw new QschedError(
    'usage',
    `${locate(zero === undefined ? ['spread'] : ['margins', zero[0]])}${where} is 0: no number of images shows that two networks do not differ at all.`,
    'Give the largest loss that does not matter, above 0.',
  );
}

/** Fields of a side that a folder has. */
const FOLDER_FIELDS = ['images', 'spread', 'model'];

function checkSides(spec: GateSpec, locate: Locate): void {
  const ofFolders = isOfFolders(spec);
  for (const side of SIDES) {
    const { images, spread, model } = spec[side];
    if (ofFolders && images === undefined) {
      throw new QschedError(
        'usage',
        `${locate([side])}${side} is a network, and the other side a folder of images: their images are not of the same prompts and seeds.`,
        'Give folders for both, or networks for both.',
      );
    }
    if (!ofFolders && model === undefined) {
      throw new QschedError('usage', `${locate([side])}${side}.model is missing.`, EXAMPLE);
    }
    const other = Object.entries(spec[side]).find(
      ([key, value]) => value !== undefined && !FOLDER_FIELDS.includes(key),
    );
    if (ofFolders && other !== undefined) {
      throw new QschedError(
        'usage',
        `${locate([side, other[0]])}${side} is a folder of images, which has no ${other[0]}.`,
        `Remove ${side}.${other[0]}.`,
      );
    }
    if (spread !== undefined && (side === 'candidate' || images === undefined)) {
      throw new QschedError(
        'usage',
        `${locate([side, 'spread'])}${side}.spread is for the reference's images of other seeds, beside reference.images.`,
        `Remove ${side}.spread.`,
      );
    }
  }
}

function checkPrompts({ prompts, reference }: GateSpec, locate: Locate): void {
  if (reference.images !== undefined) return; // the files are counted where they are read
  const { texts, count } = prompts;
  const found = texts?.length ?? count;
  if (found >= LEAST_PROMPTS) return;
  const field = texts === undefined ? 'count' : 'texts';
  throw new QschedError(
    'usage',
    `${locate(['prompts', field])}prompts.${field} ${texts === undefined ? 'is' : 'holds'} ${found}: a gate needs at least ${LEAST_PROMPTS} prompts for any verdict.`,
    'Give more prompts; how many of them are used follows from the power calculation.',
  );
}

/** @param scores null where the model says which ones */
function checkMargins(spec: GateSpec, scores: readonly string[] | null, locate: Locate): void {
  const { margins, prompts, reference } = spec;
  if (scores === null) return;
  for (const name of Object.keys(margins)) {
    if (scores.includes(name)) continue;
    throw new QschedError(
      'usage',
      `${locate(['margins', name])}margins.${name} is for a score that is not looked at: scores has ${scores.join(', ')}.`,
      suggestion(name, scores),
    );
  }
  const { pairwise, pointwise } = splitScores(scores);
  if (spec.baseline !== undefined && (pairwise.length > 0 || reference.images !== undefined)) {
    throw new QschedError(
      'usage',
      `${locate(['baseline'])}baseline holds scores of the reference and no images: ${pairwise[0] ?? 'a gate of folders'} needs both sides.`,
      'Leave baseline out.',
    );
  }
  const open = pairwise.find((name) => margins[name] === undefined);
  if (open !== undefined) {
    throw new QschedError(
      'usage',
      `${locate(['scores'])}${open} has no margin: a score of two images needs one in its own units.`,
      `For example: margins: {${open}: ${EXAMPLE_MARGINS[open.split('@')[0]!] ?? 0.1}}`,
    );
  }
  const bySpread = pointwise.find((name) => margins[name] === undefined);
  if (bySpread === undefined) return;
  if (reference.images !== undefined || prompts.seeds.length > 1) return; // folders: their files show it
  throw new QschedError(
    'usage',
    `${locate(['prompts', 'seeds'])}${bySpread} has no margin, and prompts.seeds has one seed: how much the reference differs between seeds is not measured.`,
    `Give two seeds or more, or margins.${bySpread}.`,
  );
}

const EXAMPLE_MARGINS: Readonly<Record<string, number>> = {
  psnr: 20,
  ssim: 0.8,
  lpips: 0.1,
  dinov2: 0.9,
  'clip-image': 0.9,
};

function refuseSame({ reference, candidate, allowIdentical }: GateSpec): void {
  if (allowIdentical || canonicalJson(reference) !== canonicalJson(candidate)) return;
  throw sameSides();
}

/** Reference and candidate of one hash. */
export const sameSides = (): QschedError =>
  new QschedError(
    'usage',
    'reference and candidate are the same: equal files, precision and schedule.',
    'Change one of them; to see what a gate says of a network against itself, set allowIdentical (--allow-identical).',
  );
