/**
 * The start of a search: describe its networks on a worker, plan and open it in the store, score the baseline.
 */
import { modelActivities, storeActivities } from '../activities.js';
import { asksToWait } from '../patience.js';
import { fetchPrompts } from '../prompts.js';
import { describeSettled } from '../settled.js';
import type { CheckedSearch } from '../../contract/payloads.js';
import { comparesWithFull } from '../../contract/goal.js';
import { pipelineOptions } from '../../contract/pipeline-choice.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { startPace } from '../scoring/pace.js';
import { setColumns } from './attributes.js';
import { noteStage } from './details.js';
import { failedScores } from './failed-scores.js';
import { gridNotes } from './grid-note.js';
import { numbered, scoreStage } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import { enterStage } from './show-progress.js';
import { useK } from './settle-k.js';
import type { SearchState } from './search-state.js';

/** Rows of a search that the store writes at once. */
export const PROMPT_ROWS = 5000;

/** Checks, describes, settles, plans and opens: from here on the search is in the database. */
export async function begin(run: SearchRun): Promise<SearchState> {
  const { searchId, input } = run;
  const { model } = run.spec;
  const start = `Start one with \`npx qsched worker --model ${model}\`.`;
  noteStage(run, `Waiting for a worker that serves **${model}**. ${start}`);
  const request = { searchId, spec: run.spec, input, patient: asksToWait(input) };
  // Histories of earlier builds have no answer here.
  const checked = (await storeActivities(0).check(request)) as CheckedSearch | null | undefined;
  run.columns = checked?.searchAttributes ?? false;
  run.page = checked?.page ?? null;
  noteStage(run, run.note);
  setColumns(run, { status: 'running', stage: 'prepare', model, precision: run.spec.precision });
  const full = comparesWithFull(run.spec) || run.spec.start === 'match';
  const described = await describeSettled(input, run.spec, full);
  const { spec, quantised } = described;
  const reference = comparesWithFull(spec) ? described.reference : null;
  run.described = described;
  run.spec = spec;
  const { precision } = spec;
  const plan = await storeActivities(PROMPT_ROWS).planSearch({ searchId, spec, quantised, reference });
  run.opened = true;
  const { workers, startNotes: _, steering, ...planned } = plan;
  const { k } = planned.opening;
  if (k !== undefined) useK(run, k);
  run.paces[planned.quantised.scoreQueue] = startPace(workers);
  run.columns = planned.searchAttributes;
  setColumns(run, { status: 'running', model, precision, steps: spec.scheduler.steps });
  const notes = [...planned.notes, ...gridNotes(spec), ...(await promptNotes(run, planned))];
  return {
    ...planned,
    notes,
    identityScore: null,
    firstScores: null,
    optimizer: null,
    box: null,
    told: 0,
    failed: 0,
    raced: 0,
    generation: 0,
    best: [],
    runnerUp: null,
    finalists: null,
    paces: run.paces,
    control: null,
    page: run.page,
    steered: { rows: steering?.rows ?? [], notBefore: steering?.asked ?? 0 },
  };
}

/** What the model and the scorers do with these prompts that a reader should know, such as cutting them. */
async function promptNotes(
  run: SearchRun,
  { quantised, splits }: Pick<SearchState, 'quantised' | 'splits'>,
): Promise<string[]> {
  const { spec } = run;
  const stages = ['calibration', 'select', 'confirm'] as const;
  for (const stage of stages) run.prompts[stage] ??= await fetchPrompts(splits[stage]);
  const { inspectPrompts } = modelActivities(spec.model, spec.waitForWorker);
  return inspectPrompts({
    version: WIRE_VERSION,
    model: spec.model,
    precision: spec.precision,
    options: pipelineOptions(spec),
    scorers: quantised.scorers.map(({ role }) => role),
    texts: stages.flatMap((stage) => run.prompts[stage]!.map(({ text }) => text)),
  });
}

/**
 * Scores the baseline, and beside it the candidates that the search was opened with: they share its first network calls.
 *
 * @throws QschedError (failure): what the candidates are measured against cannot be scored
 */
export async function scoreBaseline(run: SearchRun, state: SearchState): Promise<SearchState> {
  const { spec, progress } = run;
  const { quantised, splits } = state;
  enterStage(
    run,
    'identity',
    `On ${splits.calibration.count} prompts. If this stays, ` +
      `no worker serves \`${quantised.scoreQueue}\`: start one with \`npx qsched worker --model ${spec.model}\`.`,
  );
  const space = spaceOf(spec);
  const first = state.opening.firstAsks.slice(0, spec.optimizer.budget).map(({ point }, i) => ({
    index: i + 1,
    point,
    coefficients: space.toCoefficients(point),
  }));
  const trials = [...numbered([space.identity()], 0), ...first];
  const { scores } = await scoreStage(run, state, {
    stage: 'calibration',
    trials,
    label: 'baseline',
    waitSeconds: spec.waitForWorker,
  });
  const identityScore = scores[0]!;
  if (identityScore === null) {
    const what = `The baseline of ${spec.model} ${spec.precision} cannot be scored`;
    throw await failedScores(run.searchId, what, 'Fix the model or the scorer.');
  }
  progress.identity = identityScore;
  return { ...state, identityScore, firstScores: { trials: first, scores: scores.slice(1) } };
}
