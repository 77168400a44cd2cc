/**
 * Specs as users wrote them, with the defaults of models whose files are here.
 */
import type { EvaluateSpec } from '../contract/evaluate-spec.js';
import type { Path } from '../contract/explain-issues.js';
import { evaluationInput, isOfFolders, type SettledGate } from '../contract/gate-evaluation.js';
import { pipelineOptions } from '../contract/pipeline-choice.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { settleEvaluation, settleRow, writtenNetworks } from '../contract/settle-evaluate.js';
import { settleSearch, type Written } from '../contract/settle-search.js';
import { readEvaluateSpec } from '../contract/validate-evaluate.js';
import { readGate, settleGate } from '../contract/validate-gate.js';
import { readSearchSpec } from '../contract/validate.js';
import type { NetworkFacts } from '../contract/wire/describe.js';
import { WIRE_VERSION } from '../contract/wire/version.js';
import { inspectNetwork } from '../inference/describe.js';
import { mostPrompts } from './most-prompts.js';

type Locate = (path: Path) => string;

/**
 * @param input a SearchSpec as a user wrote it
 * @param roots where models are looked for; by default where the environment says
 * @throws QschedError (usage): what was written is wrong, or does not fit the model
 */
export function settleSearchHere(input: unknown, locate?: Locate, roots?: readonly string[]): SearchSpec {
  const read = readSearchSpec(input, locate);
  const { precision = 'default' } = input as { precision?: string };
  const options = pipelineOptions(read);
  const facts = inspectNetwork({ version: WIRE_VERSION, model: read.model, precision, options, scorers: [] }, roots);
  return settleSearch(input, facts, locate);
}

/**
 * A row of an evaluation, whose model is here, with that model's precision and scheduler; its fields are not checked.
 *
 * @throws QschedError (usage): what does not fit the model
 */
export function settleRowHere<R extends { readonly model: string; readonly precision?: string }>(row: R): R {
  const { model, precision = 'default' } = row;
  const facts = inspectNetwork({ version: WIRE_VERSION, model, precision, options: {}, scorers: [] });
  return settleRow(row, facts);
}

/** The same for an evaluation, whose models are all here. */
export function settleEvaluationHere(input: unknown, locate?: Locate): EvaluateSpec {
  readEvaluateSpec(input, locate);
  return settleEvaluation(input, factsHere(input), locate);
}

/** The same for a gate; it has as many prompts as its set holds, and at most as many as were asked for. */
export function settleGateHere(input: unknown, locate?: Locate): SettledGate {
  readGate(input, locate);
  const settled = settleGate(input, factsHere(evaluationInput(input as Written)), locate);
  if (isOfFolders(settled.spec)) return settled;
  const prompts = mostPrompts(settled.evaluation.prompts);
  return { spec: { ...settled.spec, prompts }, evaluation: { ...settled.evaluation, prompts } };
}

/** What the network of every row of an evaluation says of itself. */
function factsHere(input: unknown): NetworkFacts[] {
  const known = new Map<string, NetworkFacts>();
  return writtenNetworks(input).map(({ model, precision }) => {
    const key = JSON.stringify([model, precision]);
    const found =
      known.get(key) ?? inspectNetwork({ version: WIRE_VERSION, model, precision, options: {}, scorers: [] });
    known.set(key, found);
    return found;
  });
}
