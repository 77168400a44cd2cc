/**
 * What can be said of a spec before anything is started, from the files of this machine.
 */
import type { EvaluateSpec } from '../contract/evaluate-spec.js';
import type { FitChoice } from '../contract/fit-payloads.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { objectiveAt } from '../contract/settled-k.js';
import type { NetworkFacts } from '../contract/wire/describe.js';
import { pairScorersAsked } from '../contract/pair-score.js';
import { comparesWithFull } from '../contract/goal.js';
import { pipelineOptions, type PipelineChoice } from '../contract/pipeline-choice.js';
import { WIRE_VERSION } from '../contract/wire/version.js';
import { checkCoefficients } from '../diffusion/coefficients.js';
import { requireFused } from '../diffusion/fused.js';
import { schedulerOf } from '../diffusion/scheduler-of.js';
import { inspectNetwork } from '../inference/describe.js';
import { findModel } from '../inference/models/model-roots.js';
import { referenceBytes } from '../inference/models/reference-features.js';
import { resolveSplit } from '../inference/prompts/prompt-sets.js';
import { scorersAsked } from '../metrics/objectives/scorers-asked.js';
import { checkOptimizer } from './check-optimizer.js';
import { planConstraints } from './constraints.js';
import { FIT_NEEDS } from './fit.js';
import { requireFull } from './goal.js';
import { requireFeatures } from './network.js';
import { planPairScores } from './pair-scores.js';
import { requireFullRow } from './full-row.js';
import { planScorers, type ScorerPlan } from './scorers.js';
import { searchPrompts, type SearchPrompts } from './splits.js';

/** Where models and prompt sets are looked for; by default where the environment says. */
export interface Roots {
  readonly models?: readonly string[];
  readonly prompts?: readonly string[];
}

/** What was found. @throws QschedError (usage): whatever of the search this machine's files and prompt sets show to be wrong */
export function checkSearchFiles(spec: SearchSpec, roots: Roots = {}): SearchPrompts & Pick<ScorerPlan, 'scorers'> {
  const { precision, scheduler, objective, confirm } = spec;
  checkOptimizer(spec);
  const scorers = scorersAsked(objective, confirm.scorers);
  const facts = inspect(spec, precision, scorers, roots);
  requireFull(spec, facts);
  if (comparesWithFull(spec) || spec.start === 'match') inspect(spec, 'reference', scorers, roots);
  const planned = schedulerOf(facts, scheduler).schedule();
  if (spec.start === 'match') requireFused(planned, FIT_NEEDS.match);
  const choice = { objective: objectiveAt(objective, undefined), beside: confirm.scorers };
  const { scorers: used, objective: plan } = planScorers(choice, facts);
  planConstraints(objective, plan, facts);
  return { ...searchPrompts(spec, roots.prompts), scorers: used };
}

/** The same for a fit. @throws QschedError (usage) as `checkSearchFiles`, and for a scheduler that clips */
export function checkFitFiles(spec: SearchSpec, method: FitChoice['method'], roots: Roots = {}): void {
  checkSearchFiles(spec, roots);
  requireFused(schedulerOf(inspect(spec, spec.precision, [], roots), spec.scheduler).schedule(), FIT_NEEDS[method]);
}

/**
 * The same for the rows of an evaluation.
 *
 * @param models only rows of these models; by default all
 */
export function checkEvaluationFiles(
  spec: EvaluateSpec,
  models: readonly string[] = spec.rows.map(({ model }) => model),
): void {
  resolveSplit(spec.prompts, 'prompts');
  const { objective, scorers: beside, features, pairwise } = spec;
  requireFullRow(spec);
  const asked = [...new Set([...scorersAsked(objective, beside, features), ...pairScorersAsked(pairwise)])];
  const known = new Map<string, NetworkFacts>();
  for (const row of spec.rows) {
    const { model, precision, scheduler, schedule } = row;
    if (!models.includes(model)) continue;
    const key = JSON.stringify([model, precision, pipelineOptions(row)]);
    const facts = known.get(key) ?? inspect(row, precision, asked);
    known.set(key, facts);
    const planned = schedulerOf(facts, scheduler).schedule();
    if (schedule === 'ptqd' || schedule === 'match') requireFused(planned, FIT_NEEDS[schedule]);
    if (typeof schedule !== 'string') checkCoefficients(schedule.coefficients, planned.steps.length);
    planScorers({ objective, beside }, facts);
    planPairScores(pairwise, facts);
    // A damaged file of statistics is reported before an image is generated.
    if (features !== null) referenceBytes(findModel(model), requireFeatures(facts, features).name);
  }
}

const inspect = (
  { model, ...choice }: PipelineChoice & { readonly model: string },
  precision: string,
  scorers: string[],
  { models }: Roots = {},
): NetworkFacts =>
  inspectNetwork({ version: WIRE_VERSION, model, precision, options: pipelineOptions(choice), scorers }, models);

/** The scorers and the objective of a search whose model is here. @throws QschedError (usage) as `checkSearchFiles` */
export function planSearchScorers(spec: SearchSpec, roots: Roots = {}): ScorerPlan {
  const { precision, objective, confirm } = spec;
  const beside = confirm.scorers;
  const facts = inspect(spec, precision, scorersAsked(objective, beside), roots);
  return planScorers({ objective: objectiveAt(objective, undefined), beside }, facts);
}
