/**
 * Validates an EvaluateSpec that a user wrote, or explains in one sentence what is wrong.
 */
import { canonicalJson } from './canonical-json.js';
import { QschedError } from './errors.js';
import { EvaluateSpec } from './evaluate-spec.js';
import { checkStepLists, expandScheduler } from './expand-scheduler.js';
import { explainIssues, type Path } from './explain-issues.js';
import { settleCount } from './prompt-count.js';
import { checkObjective } from './validate.js';
import { listBytes } from './wire-bytes.js';

/** Maximum bytes of the texts of a spec, over all networks. */
const MAX_TEXT = 2_000_000;

const EXAMPLE =
  'For example: {"rows": [{"model": "shapes", "precision": "fp32"}, {"model": "shapes", "precision": "w4a8"}]}';

/**
 * Validates what was written against EvaluateSpec, the presets of its rows spelled out. What is left out is filled with
 * what fits the bundled model; settle-evaluate.ts fills it with what fits other ones first.
 *
 * @param locate prefix for the message: the line of a YAML file, or a flag
 * @throws QschedError (usage) with the field, its value and what is allowed
 */
export function parseEvaluateSpec(written: unknown, locate: (path: Path) => string = () => ''): EvaluateSpec {
  const spec = readEvaluateSpec(written, locate);
  if (spec.prompts.texts?.length === 1) {
    throw new QschedError(
      'usage',
      'prompts.texts holds one prompt: an interval needs at least 2.',
      'Add prompts; a verdict needs 20.',
    );
  }
  checkText(spec);
  checkObjective(spec.objective);
  checkRows(spec);
  spec.rows.forEach(({ scheduler }, i) => checkStepLists(scheduler, ['rows', i], locate(['rows', i, 'scheduler'])));
  return spec;
}

/** The same field by field: what involves several fields is not checked. @throws QschedError (usage) */
export function readEvaluateSpec(written: unknown, locate: (path: Path) => string = () => ''): EvaluateSpec {
  const input = withSchedulers(written, locate);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new QschedError('usage', 'An evaluation needs an object with rows.', EXAMPLE);
  }
  const result = EvaluateSpec.safeParse(input);
  if (!result.success) {
    throw explainIssues(result.error.issues, { schema: EvaluateSpec, input, locate, example: EXAMPLE });
  }
  const spec = result.data;
  const byDefault = EvaluateSpec.shape.prompts.parse({}).count;
  settleCount(
    'prompts',
    spec.prompts,
    (input as { prompts?: unknown }).prompts,
    byDefault,
    locate(['prompts', 'count']),
  );
  return spec;
}

function withSchedulers(written: unknown, locate: (path: Path) => string): unknown {
  const { rows } = (written ?? {}) as { rows?: unknown };
  if (!Array.isArray(rows)) return written;
  return { ...(written as object), rows: rows.map((row: unknown, i) => expandScheduler(row, ['rows', i], locate)) };
}

/** Every network is planned at the same time with the texts of the spec, in messages of at most 4 MiB together. */
function checkText({ rows, prompts: { texts } }: EvaluateSpec): void {
  if (texts === undefined) return;
  const { size } = new Set(rows.map(({ model, precision, scheduler }) => canonicalJson([model, precision, scheduler])));
  const bytes = listBytes(texts);
  if (bytes * size <= MAX_TEXT) return;
  const [each, all] = [Math.ceil(bytes / 1000), (bytes * size) / 1e6];
  throw new QschedError(
    'usage',
    `prompts.texts is ${each} KB, once for each of ${size} networks: ${all.toFixed(1)} MB, and at most ${MAX_TEXT / 1e6} MB fit.`,
    'Put the prompts into a prompt set and name it, or remove rows.',
  );
}

/** Checks that coefficients by hand fit their steps, and that no row is repeated. */
function checkRows({ rows }: EvaluateSpec): void {
  const seen = new Map<string, number>();
  rows.forEach((row, i) => {
    const {
      schedule,
      scheduler: { steps },
    } = row;
    if (typeof schedule !== 'string') {
      for (const part of ['sample', 'noise'] as const) {
        const { length } = schedule.coefficients[part];
        if (length !== steps) {
          throw new QschedError(
            'usage',
            `rows.${i}.schedule.coefficients.${part} has ${length} numbers, but the row's scheduler has ${steps} ${steps === 1 ? 'step' : 'steps'}.`,
            `Give ${steps}, one per step.`,
          );
        }
      }
    }
    const key = canonicalJson(row);
    const other = seen.get(key);
    if (other !== undefined) {
      throw new QschedError('usage', `rows.${other} and rows.${i} are the same.`, 'Remove one of them.');
    }
    seen.set(key, i);
  });
}
