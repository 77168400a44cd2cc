/**
 * What can be said of a gate before anything is started, from the files of this machine.
 */
import { splitScores, type SettledGate } from '../contract/gate-evaluation.js';
import { pairScorersAsked } from '../contract/pair-score.js';
import { pipelineOptions } from '../contract/pipeline-choice.js';
import { WIRE_VERSION } from '../contract/wire/version.js';
import { inspectNetwork } from '../inference/describe.js';
import { checkEvaluationFiles } from './check.js';
import { planPairScores } from './pair-scores.js';

/**
 * @param models only sides of these models; by default all
 * @throws QschedError (usage): whatever of the gate this machine's files and prompt sets show to be wrong
 */
export function checkGateFiles({ spec, evaluation }: SettledGate, models?: readonly string[]): void {
  checkEvaluationFiles(evaluation, models);
  const [row] = evaluation.rows;
  const { pairwise } = splitScores(spec.scores);
  if (row === undefined || pairwise.length === 0 || models?.includes(row.model) === false) return;
  const { model, precision } = row;
  const scorers = pairScorersAsked(pairwise);
  planPairScores(
    pairwise,
    inspectNetwork({ version: WIRE_VERSION, model, precision, options: pipelineOptions(row), scorers }),
  );
}
