/**
 * Every network of an evaluation, described once on a worker that serves it, and planned in the store.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import type { EvaluatePlan } from '../../contract/evaluate-payloads.js';
import type { EvaluateRow, EvaluateSpec } from '../../contract/evaluate-spec.js';
import { pipelineOptions } from '../../contract/pipeline-choice.js';
import { scorersAsked } from '../../metrics/objectives/scorers-asked.js';
import { storeActivities } from '../activities.js';
import { describeNetwork } from '../describe.js';

/** Prompts that the store reads to plan with. */
const PROMPT_ROWS = 20_000;

/** The plan, and which of its networks each row has. */
export interface PreparedNetworks extends EvaluatePlan {
  /** By row. */
  readonly networkOf: readonly number[];
}

const networkOf = (row: EvaluateRow) => ({
  model: row.model,
  precision: row.precision,
  options: pipelineOptions(row),
});

/** A network is a model at a precision with a scheduler: rows that share it differ in their schedule alone. */
export async function prepareNetworks(spec: EvaluateSpec): Promise<PreparedNetworks> {
  const { rows, objective, scorers, features, waitForWorker: waitSeconds } = spec;
  const asked = scorersAsked(objective, scorers, features);
  const keys = rows.map((row) => canonicalJson({ ...networkOf(row), scheduler: row.scheduler }));
  const distinct = [...new Set(keys)].map((key) => rows[keys.indexOf(key)]!);
  const files = distinct.map((row) => canonicalJson(networkOf(row)));
  const described = [...new Set(files)];
  const descriptions = await Promise.all(
    described.map((key) => {
      return describeNetwork({ ...networkOf(distinct[files.indexOf(key)]!), scorers: asked, waitSeconds });
    }),
  );
  const networks = distinct.map(({ scheduler }, i) => ({ of: described.indexOf(files[i]!), scheduler }));
  const plan = await storeActivities(PROMPT_ROWS).planEvaluation({ spec, descriptions, networks });
  const order = [...new Set(keys)];
  return { ...plan, networkOf: keys.map((key) => order.indexOf(key)) };
}
