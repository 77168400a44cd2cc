/**
 * The `evaluate` workflow: schedules x models x precisions on one prompt set, as a table.
 * check, resolve, describe, plan, render in shards, summarise row by row, finish. Images and numbers stay in the
 * artefact folder: what is there is reused, whoever asked for it.
 */
import { defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';
import type { CheckedEvaluation, EvaluateProgress, ResolvedSchedule } from '../../contract/evaluate-payloads.js';
import type { EvaluateResult, EvaluateSpec } from '../../contract/evaluate-spec.js';
import { settleEvaluation } from '../../contract/settle-evaluate.js';
import { parseEvaluateSpec, readEvaluateSpec } from '../../contract/validate-evaluate.js';
import type { NetworkDescription } from '../../contract/wire/describe.js';
import { storeActivities } from '../activities.js';
import { orFailure } from '../failure.js';
import { asksToWait } from '../patience.js';
import { fetchPrompts } from '../prompts.js';
import { markRelease } from '../release.js';
import { endRun, holdRun, setColumns } from '../run-frame.js';
import { Meter } from '../scoring/meter.js';
import { showEnd, showProgress, showTable, type Place } from './details.js';
import { shownHold, untilLetGo, type Hold } from './hold.js';
import { describeRows, prepareNetworks } from './networks.js';
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
  const meter = new Meter();
  const hold: Hold = { paused: false, priority: null };
  const now = (): EvaluateProgress => {
    const { secondsLeft } = meter.measured(Date.now());
    return { ...progress, secondsLeft: progress.stage === 'render' ? secondsLeft : null, ...shownHold(hold) };
  };
  setHandler(evaluateProgressQuery, now);
  const read = orFailure(() => readEvaluateSpec(input));
  progress.rows = read.rows.length;
  const place: Place = { id, title: titleOf(read), page: null, columns: false, hold };
  const show = (note?: string): void => showProgress(place, now(), note);
  let opened = false;
  holdRun({ what: 'evaluation', place, hold, show, isOpen: () => opened });
  try {
    const settled = await check(place, read, input, show);
    const spec = settled ?? read;
    place.title = titleOf(spec);
    const status = hold.paused ? 'paused' : 'running';
    setColumns(place, { status, stage: 'render', model: modelsOf(spec) });
    await storeActivities(spec.rows.length).openRun({ id, kind: 'evaluate', name: titleOf(spec), spec });
    opened = true;
    if (hold.paused) await storeActivities(0).setRunPaused({ id, paused: true });
    const described = settled === null ? await describeRows(input, read) : [];
    return await run(id, settled ?? settleEvaluation(input, described), described, {
      place,
      progress,
      meter,
      show,
    });
  } catch (error) {
    throw await endRun(place, error, opened, (status, message) => showEnd(place, status, message));
  }
}

/** @returns the spec with the defaults of its models, if their files are where the store is; else null */
async function check(
  place: Place,
  read: EvaluateSpec,
  input: unknown,
  show: (note?: string) => void,
): Promise<EvaluateSpec | null> {
  show(`Waiting for workers that serve ${modelsOf(read)}.`);
  const request = { id: place.id, spec: read, input, patient: asksToWait(input) };
  // Histories of earlier builds have no answer here: their specs are completed as they were.
  const checked = (await storeActivities(0).checkEvaluate(request)) as CheckedEvaluation | null | undefined;
  place.page = checked?.page ?? null;
  place.columns = checked?.searchAttributes ?? false;
  return checked === null || checked === undefined ? parseEvaluateSpec(input) : checked.spec;
}

/** What a run shows, and where. */
interface Screen {
  readonly place: Place;
  readonly progress: Progress;
  readonly meter: Meter;
  readonly show: (note?: string) => void;
}

/** @param described networks that are described already */
async function run(
  evaluateId: string,
  spec: EvaluateSpec,
  described: readonly NetworkDescription[],
  { place, progress, meter, show }: Screen,
): Promise<EvaluateResult> {
  const store = storeActivities(spec.rows.length * ROW_WEIGHT);
  const schedules = await store.resolveSchedules({ spec });
  const prepared = await prepareNetworks(spec, described);
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
  const renderings = new Renderings({
    spec,
    prepared,
    prompts,
    schedules,
    baselines,
    workers,
    progress,
    meter,
    hold: place.hold,
    show,
  });
  progress.stage = 'render';
  await renderings.renderAll();
  await untilLetGo(place.hold);
  progress.stage = 'summarise';
  setColumns(place, { stage: 'summarise' });
  show();
  const summaries = await summariseRows({ spec, prepared, schedules, renderings, progress, hold: place.hold });
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
  setColumns(place, { status: 'finished', stage: 'finished' });
  showTable(place, result);
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

const modelsOf = ({ rows }: EvaluateSpec): string => [...new Set(rows.map(({ model }) => model))].join(', ');

function titleOf(spec: EvaluateSpec): string {
  const { rows, prompts } = spec;
  return `${rows.length} rows of ${modelsOf(spec)} on ${prompts.texts === undefined ? prompts.set : 'prompts of its own'}`;
}
