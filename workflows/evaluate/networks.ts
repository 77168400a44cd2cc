/**
 * Every network of an evaluation, described once on a worker that serves it, and planned in the store.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import type { EvaluatePlan, PlanEvaluationRequest } from '../../contract/evaluate-payloads.js';
import type { EvaluateRow, EvaluateSpec } from '../../contract/evaluate-spec.js';
import { pairScorersAsked } from '../../contract/pair-score.js';
import { pipelineOptions } from '../../contract/pipeline-choice.js';
import { scorersAsked } from '../../metrics/objectives/scorers-asked.js';
import { writtenNetworks } from '../../contract/settle-evaluate.js';
import type { NetworkDescription } from '../../contract/wire/describe.js';
import { storeActivities } from '../activities.js';
import { describeNetwork } from '../describe.js';

/** Prompts that the store reads to plan with. */
const PROMPT_ROWS = 20_000;

/** The plan, and which of its networks each row has. */
export interface PreparedNetworks extends EvaluatePlan {
  /** By row. */
  readonly networkOf: readonly number[];
  /** Files of every network with their hashes. */
  readonly files: readonly NetworkDescription['files'][];
}

const networkOf = (row: EvaluateRow) => ({
  model: row.model,
  precision: row.precision,
  options: pipelineOptions(row),
});

/** Every scorer that a table may need, and those of further pairwise scores. Specs of earlier builds have none of their own. */
const allAsked = (
  { objective, scorers, features, pairwise = [] }: Omit<EvaluateSpec, 'pairwise'> & Partial<EvaluateSpec>,
  pairs: readonly string[] = [],
): string[] => [
  ...new Set([...scorersAsked(objective, scorers, features), ...pairScorersAsked([...pairwise, ...pairs])]),
];

/**
 * Rows whose models complete them: the network of every row, in order, each described once.
 *
 * @param input an EvaluateSpec as a user wrote it
 * @param read the same, with what fits the bundled model in place of what was left out
 * @param pairs names of pairwise scores
 */
export async function describeRows(
  input: unknown,
  read: EvaluateSpec,
  pairs: readonly string[] = [],
): Promise<NetworkDescription[]> {
  const { waitForWorker: waitSeconds } = read;
  const asked = allAsked(read, pairs);
  const networks = writtenNetworks(input).map((network, i) => ({ ...networkOf(read.rows[i]!), ...network }));
  const keys = networks.map((network) => canonicalJson(network));
  const distinct = [...new Set(keys)];
  const described = await Promise.all(
    distinct.map((key) => describeNetwork({ ...networks[keys.indexOf(key)]!, scorers: asked, waitSeconds })),
  );
  return keys.map((key) => described[distinct.indexOf(key)]!);
}

/**
 * A network is a model at a precision with a scheduler: rows that share it differ in their schedule alone.
 *
 * @param known networks that are described already
 * @param options of a gate: see PlanEvaluationRequest
 */
export async function prepareNetworks(
  spec: EvaluateSpec,
  known: readonly NetworkDescription[] = [],
  options: Pick<PlanEvaluationRequest, 'gate' | 'pairs'> = {},
): Promise<PreparedNetworks> {
  const { rows, waitForWorker: waitSeconds } = spec;
  const asked = allAsked(spec, options.pairs);
  const keys = rows.map((row) => canonicalJson({ ...networkOf(row), scheduler: row.scheduler }));
  const distinct = [...new Set(keys)].map((key) => rows[keys.indexOf(key)]!);
  const files = distinct.map((row) => canonicalJson(networkOf(row)));
  const described = [...new Set(files)];
  const descriptions = await Promise.all(
    described.map(async (key) => {
      const network = networkOf(distinct[files.indexOf(key)]!);
      return find(known, network, asked) ?? describeNetwork({ ...network, scorers: asked, waitSeconds });
    }),
  );
  const networks = distinct.map(({ scheduler }, i) => ({ of: described.indexOf(files[i]!), scheduler }));
  const plan = await storeActivities(PROMPT_ROWS).planEvaluation({ spec, descriptions, networks, ...options });
  const order = [...new Set(keys)];
  return {
    ...plan,
    networkOf: keys.map((key) => order.indexOf(key)),
    files: networks.map(({ of }) => descriptions[of]!.files),
  };
}

/** A description of this network with all these scorers. */
const find = (
  known: readonly NetworkDescription[],
  { model, precision, options }: ReturnType<typeof networkOf>,
  asked: readonly string[],
): NetworkDescription | undefined =>
  known.find(
    (one) =>
      one.model === model &&
      one.precision === precision &&
      canonicalJson(one.options) === canonicalJson(options) &&
      asked.every((role) => one.scorers.some((scorer) => scorer.role === role)),
  );
