/**
 * The real `study` workflow with children that only say what they were asked, for test/workflow/study.test.ts.
 */
import { ActivityFailure, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { EvaluatedRow, EvaluateResult, EvaluateSpecInput } from '../../contract/evaluate-spec.js';
import { EvaluateSpec } from '../../contract/evaluate-spec.js';

import { study } from '../../workflows/reproduce.js';

export { study };

/** What the children tell the test; it may wait, or throw. */
export interface ChildActivities {
  child(asked: { readonly kind: Kind; readonly id: string; readonly argument: unknown }): Promise<void>;
}

const { child } = proxyActivities<ChildActivities>({ startToCloseTimeout: '1 minute', retry: { maximumAttempts: 1 } });

const asked = async (kind: Kind, argument: unknown): Promise<string> => {
  const { workflowId: id } = workflowInfo();
  try {
    await child({ kind, id, argument });
  } catch (error) {
    throw error instanceof ActivityFailure && error.cause !== undefined ? error.cause : error; // as the real ones: the sentence itself
  }
  return id;
};

/** A fit whose schedule is named after it. */
export async function ptqd(argument: unknown): Promise<{ id: string }> {
  const id = await asked('ptqd', argument);
  return { id: id.replace(/^ptqd-/, '') };
}

export async function search(argument: unknown): Promise<{ searchId: string }> {
  return { searchId: await asked('search', argument) };
}

/** A row per row, each with its number as its objective. */
export async function evaluate(argument: EvaluateSpecInput): Promise<EvaluateResult> {
  const evaluateId = await asked('evaluate', argument);
  const {
    rows,
    objective,
    prompts: { set, count, seeds },
  } = EvaluateSpec.parse(argument);
  return {
    evaluateId,
    objective,
    prompts: { set, count, seeds, sha256: '' },
    generated: 0,
    reused: 0,
    warnings: ['a warning of the evaluation'],
    seconds: 0,
    rows: rows.map(({ model, precision, scheduler: { type, steps, eta }, label = '' }, i): EvaluatedRow => ({
      model,
      precision,
      scheduler: type,
      steps,
      eta,
      schedule: label,
      coefficients: { sample: [1], noise: [1] },
      images: count,
      failed: 0,
      fid: null,
      fidLow: null,
      fidHigh: null,
      fidFeatures: null,
      fidSd: null,
      kid: null,
      cmmd: null,
      clipScore: null,
      clipScoreLow: null,
      clipScoreHigh: null,
      objective: i,
      objectiveLow: null,
      objectiveHigh: null,
      tc: null,
      iq: null,
      scores: {},
      gains: [],
      fidGain: null,
      recommend: null,
      pHolm: null,
      records: [],
    })),
  };
}

/** Everything that a worker of this file runs. */
const WORKFLOWS = { study, ptqd, search, evaluate };
type Kind = Exclude<keyof typeof WORKFLOWS, 'study'>;
