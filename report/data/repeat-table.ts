/**
 * The command that repeats an evaluation, or a table or figure of the paper.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import type { StudyInput } from '../../contract/study-spec.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { minimalSpec } from './minimal-spec.js';
import { specFileCommand } from './repeat-command.js';
import type { Tree } from './tree.js';

/** Fields whose defaults depend on the model. */
const OF_MODEL = ['rows', 'objective.scorer', 'prompts.set', 'scorers', 'features'];

/** A spec file as a here-document, and the command that reads it. */
export function repeatEvaluation(spec: EvaluateSpec): string {
  const { waitForWorker: _, retryFailed: _retry, ...rest } = spec;
  const full: Tree = { ...rest, waitForWorker: 600, retryFailed: false };
  return specFileCommand('evaluate', minimalSpec(full, parseEvaluateSpec, OF_MODEL));
}

/** With the options that a user gives; the others follow from the model. */
export function repeatStudy({ name, options = {} }: StudyInput): string {
  const { model = 'shapes', precision = 'w4a8', count, budget } = options;
  const flags = [
    ['--model', model, 'shapes'],
    ['--precision', precision, 'w4a8'],
    ['--count', count, undefined],
    ['--budget', budget, undefined],
  ] as const;
  const given = flags.flatMap(([flag, value, usual]) =>
    value === undefined || canonicalJson(value) === canonicalJson(usual ?? null) ? [] : [`${flag} ${value}`],
  );
  return [`npx qsched reproduce ${name}`, ...given].join(' ');
}
