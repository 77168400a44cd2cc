/**
 * Validates a SearchSpec that a user wrote, or explains in one sentence what is wrong.
 */
import { checkRaces } from './check-races.js';
import { QschedError } from './errors.js';
import { checkStepLists, expandScheduler } from './expand-scheduler.js';
import { explainIssues, type Path } from './explain-issues.js';
import { checkGoal, expandGoal } from './goal.js';
import { settleCount } from './prompt-count.js';
import { checkAutoK } from './settled-k.js';
import { readingOf } from './same-prompt.js';
import { modelsSurface, settleDefaults, takesStart } from './spec-defaults.js';
import { SearchSpec, type ObjectiveTerms } from './search-spec.js';

const EXAMPLE = 'For example: {"model": "shapes", "precision": "w4a8"}';

/** Steps up to which numbers per step are searched. */
const MAX_PER_STEP = 16;

/** The three groups of prompts. */
const SPLITS = ['prompts', 'select', 'confirm'] as const;

/**
 * Validates what was written against SearchSpec, its preset spelled out. What is left out is filled with what fits the
 * bundled model; settle-search.ts fills it with what fits another one first.
 *
 * @param locate prefix for the message: the line of a YAML file, or a flag
 * @throws QschedError (usage) with the field, its value and what is allowed
 */
export function parseSearchSpec(written: unknown, locate: (path: Path) => string = () => ''): SearchSpec {
  const spec = readSearchSpec(written, locate);
  checkAcross(spec);
  checkRaces(spec, written);
  checkStepLists(spec.scheduler, [], locate(['scheduler']));
  return spec;
}

/** The same field by field: what involves several fields is not checked. @throws QschedError (usage) */
export function readSearchSpec(written: unknown, locate: (path: Path) => string = () => ''): SearchSpec {
  const input = expandScheduler(expandGoal(written), [], locate);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new QschedError('usage', 'A search needs an object with at least a model.', EXAMPLE);
  }
  const result = SearchSpec.safeParse(input);
  if (!result.success) {
    throw explainIssues(result.error.issues, { schema: SearchSpec, input, locate, example: EXAMPLE });
  }
  const spec = result.data;
  for (const field of SPLITS) {
    const byDefault = SearchSpec.shape[field].parse({}).count;
    settleCount(field, spec[field], (input as Record<string, unknown>)[field], byDefault, locate([field, 'count']));
  }
  settleDefaults(spec, input);
  return spec;
}

/** Checks that involve several fields: overlapping splits, a grid option without a grid. */
function checkAcross(spec: SearchSpec): void {
  const { confirm, optimizer } = spec;
  checkObjective(spec.objective);
  checkAutoK(spec);
  if (confirm.texts && confirm.texts.length < 2) {
    throw new QschedError(
      'usage',
      'confirm.texts holds one prompt: an interval needs at least 2.',
      'Add held-out prompts; a verdict needs 20.',
    );
  }
  if (optimizer.gridPoints !== undefined && optimizer.type !== 'grid') {
    throw new QschedError(
      'usage',
      `optimizer.gridPoints is only for the grid, and optimizer.type is "${optimizer.type}".`,
      'Remove it, or set optimizer.type to "grid".',
    );
  }
  if (optimizer.type === 'cma-es' && optimizer.batch === 1) {
    throw new QschedError(
      'usage',
      'optimizer.batch is 1: CMA-ES ranks the candidates of a generation and needs at least 2.',
      'Use one-plus-one for one candidate at a time.',
    );
  }
  checkPrior(spec);
  checkStart(spec);
  checkPerStep(spec);
  checkRange(spec);
  checkGoal(spec);
  for (const [i, a] of SPLITS.entries()) {
    for (const b of SPLITS.slice(i + 1)) {
      const shared = sharedPrompt(spec[a], spec[b]);
      if (shared !== undefined) {
        throw new QschedError(
          'usage',
          `${a} and ${b} overlap: both use ${shared}. A verdict needs prompts that the search never saw.`,
          `Give ${a} and ${b} different prompts.`,
        );
      }
    }
  }
}

/** @throws QschedError (usage) for a prior that the optimizer would not read */
function checkPrior({ prior, optimizer: { type } }: SearchSpec): void {
  if (prior === 'auto' || prior === 'none' || modelsSurface(type)) return;
  throw new QschedError(
    'usage',
    `prior is "${prior}", but the optimizer "${type}" cannot start from an earlier search.`,
    'Set optimizer.type to "auto" or "gp", or leave the prior out.',
  );
}

/** @throws QschedError (usage) for a least-squares start that could not be made, or not be used */
function checkStart(spec: SearchSpec): void {
  if (spec.start === 'none') return;
  const mistake = startMistake(spec);
  if (mistake === null) return;
  throw new QschedError('usage', `start is "match", but ${mistake[0]}.`, `${mistake[1]}, or leave start out.`);
}

/** What is wrong, and what to do instead. */
function startMistake({ precision, optimizer: { type }, coefficients: { tune } }: SearchSpec): [string, string] | null {
  if (!takesStart(type)) {
    return [`the optimizer "${type}" takes no first candidate`, 'Set optimizer.type to "auto", "gp" or "cma-es"'];
  }
  if (precision === 'fp32') {
    return ['precision is "fp32", which quantised networks are matched with', 'Choose a quantised precision'];
  }
  if (tune === 'both') return null;
  return [`a match fits c^x and c^eps together, and coefficients.tune is "${tune}"`, 'Set coefficients.tune to "both"'];
}

/** Numbers per step are searched for few steps only. @throws QschedError (usage) */
function checkPerStep({ coefficients: { shape }, scheduler: { steps } }: SearchSpec): void {
  if (shape !== 'per-step' || steps <= MAX_PER_STEP) return;
  throw new QschedError(
    'usage',
    `coefficients.shape is "per-step" and scheduler.steps is ${steps}: two numbers per step are searched for up to ${MAX_PER_STEP} steps.`,
    'Set coefficients.shape to "linear", which has four numbers for any number of steps.',
  );
}

/** A range grows from the inside to its limits. @throws QschedError (usage) */
function checkRange({ coefficients: { range, growTo } }: SearchSpec): void {
  if (!growTo || (growTo[0] <= range[0] && growTo[1] >= range[1])) return;
  throw new QschedError(
    'usage',
    `coefficients.growTo is [${growTo.join(', ')}], which does not contain coefficients.range, [${range.join(', ')}].`,
    'Give limits around the range, or leave growTo out: a range that is given does not grow.',
  );
}

/** Weights are for the weighted objective only. @throws QschedError (usage) */
export function checkObjective({ type, weights }: ObjectiveTerms): void {
  if (type === 'weighted' && (weights === undefined || Object.keys(weights).length === 0)) {
    throw new QschedError(
      'usage',
      'objective.type is "weighted", but objective.weights names no score.',
      'For example: {"weights": {"clip-score-hessel": 1, "clip-iqa.quality": 2}}',
    );
  }
  if (type !== 'weighted' && weights !== undefined) {
    throw new QschedError(
      'usage',
      `objective.weights is only for the weighted objective, and objective.type is "${type}".`,
      'Remove one of them.',
    );
  }
}

interface Split {
  readonly set: string;
  readonly texts?: string[] | undefined;
}

function sharedPrompt(one: Split, two: Split): string | undefined {
  if (one.texts && two.texts) {
    const known = new Set(one.texts.map(readingOf));
    const text = two.texts.find((t) => known.has(readingOf(t)));
    return text === undefined ? undefined : `the prompt "${text.length > 80 ? `${text.slice(0, 77)}...` : text}"`;
  }
  return !one.texts && !two.texts && one.set === two.set ? `the prompt set "${one.set}"` : undefined;
}
