/**
 * The `evaluate` workflow: schedules x models x precisions on one prompt set, as a table.
 * check, resolve, describe, plan, render in shards, summarise row by row, finish. Images and numbers stay in the
 * artefact folder: what is there is reused, whoever asked for it.
 */
import {
  CancellationScope,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { EvaluateProgress, ResolvedSchedule } from '../../contract/evaluate-payloads.js';
import type { EvaluateResult, EvaluateSpec } from '../../contract/evaluate-spec.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { storeActivities } from '../activities.js';
import { asFailure, orFailure } from '../failure.js';
import { asksToWait } from '../patience.js';
import { fetchPrompts } from '../prompts.js';
import { markRelease } from '../release.js';
import { prepareNetworks } from './networks.js';
import { atStart, type Progress } from './progress.js';
import { Renderings } from './renderings.js';
import { summariseRows } from './summarise-rows.js';

/** Rows of a table that the store writes in its time for one row of a search. */
const ROW_WEIGHT = 200;

/** Where the evaluation is: `temporal workflow query --type progress`. */
export const evaluateProgressQuery = defineQuery<EvaluateProgress>('progress');

/**
 * Evaluates every row of a spec.
 *
 * @param input an EvaluateSpec as a user wrote it: only `rows` is required
 */
export async function evaluate(input: unknown): Promise<EvaluateResult> {
  markRelease();
  const { workflowId: id } = workflowInfo();
  const progress = atStart();
  setHandler(evaluateProgressQuery, () => ({ ...progress }));
  const spec = orFailure(() => parseEvaluateSpec(input));
  progress.rows = spec.rows.length;
  let opened = false;
  try {
    await check(spec, input);
    await storeActivities(spec.rows.length).openRun({ id, kind: 'evaluate', name: titleOf(spec), spec });
    opened = true;
    return await run(id, spec, progress);
  } catch (error) {
    const failure = asFailure(error);
    const status = isCancellation(error) ? ('cancelled' as const) : ('failed' as const);
    const end = { status, message: failure.message };
    if (opened) await CancellationScope.nonCancellable(() => storeActivities(0).closeRun({ id, end }));
    throw isCancellation(error) ? error : failure;
  }
}

async function check(spec: EvaluateSpec, input: unknown): Promise<void> {
  const models = [...new Set(spec.rows.map(({ model }) => model))].join(', ');
  setCurrentDetails(`Preparing ${spec.rows.length} rows: waiting for workers that serve ${models}.`);
  await storeActivities(0).checkEvaluate({ spec, patient: asksToWait(input) });
}

async function run(evaluateId: string, spec: EvaluateSpec, progress: Progress): Promise<EvaluateResult> {
  const store = storeActivities(spec.rows.length * ROW_WEIGHT);
  const schedules = await store.resolveSchedules({ spec });
  const prepared = await prepareNetworks(spec);
  const { split, networks, networkOf } = prepared;
  const { set, count, seeds, sha256 } = split;
  const warnings = new Set([...prepared.notes, ...seenWarnings(schedules, count)]);
  const prompts = await fetchPrompts(split);
  const rows = schedules.map(({ coefficients, ptqd }, i) => ({
    coefficients,
    ...(ptqd === undefined ? {} : { ptqd }),
    schedule: networks[networkOf[i]!]!.schedule,
  }));
  const baselines = await store.baselines({ rows });
  const workers = await store.countWorkers({ queues: [...new Set(networks.map(({ scoreQueue }) => scoreQueue))] });
  const renderings = new Renderings({ spec, prepared, prompts, schedules, baselines, workers, progress });
  progress.stage = 'render';
  await renderings.renderAll();
  progress.stage = 'summarise';
  const summaries = await summariseRows({ spec, prepared, schedules, renderings, progress });
  for (const warning of [...renderings.warnings(), ...summaries.flatMap((summary) => summary.warnings)]) {
    warnings.add(warning);
  }
  const result = await store.finishEvaluate({
    result: {
      evaluateId,
      rows: summaries.map(({ row }) => row),
      prompts: { set, count, seeds, sha256 },
      objective: spec.objective,
      generated: progress.generated,
      reused: progress.reused,
      warnings: [...warnings],
    },
    pValues: summaries.map(({ pValue }) => pValue),
  });
  progress.stage = 'finished';
  progress.status = 'finished';
  setCurrentDetails(`${spec.rows.length} rows: ${progress.generated} images generated, ${progress.reused} reused.`);
  return result;
}

/** On its own prompts, what a search found looks better than it is. */
const seenWarnings = (schedules: readonly ResolvedSchedule[], count: number): string[] =>
  schedules.flatMap(({ source, seen }) =>
    seen === undefined
      ? []
      : [
          `The search or fit behind "${source}" used ${seen} of these ${count} prompts: the gain of its row is not a held-out gain.`,
        ],
  );

function titleOf({ rows, prompts }: EvaluateSpec): string {
  const models = [...new Set(rows.map(({ model }) => model))].join(', ');
  return `${rows.length} rows of ${models} on ${prompts.texts === undefined ? prompts.set : 'prompts of its own'}`;
}
