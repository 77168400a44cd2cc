/**
 * The `reproduce` workflow: the PTQD fits and searches of one table or figure as child workflows, a few at a time, then one
 * evaluation of what they found, then the table.
 *
 * A child's id is made from its content: a study that is run again, and another study with the same search, find what is
 * stored and score nothing twice.
 */
import { CancellationScope, defineQuery, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import { evaluateIdOf, ptqdIdOf, searchIdOf } from '../contract/content-id.js';
import type { EvaluateResult } from '../contract/evaluate-spec.js';
import type { SearchResult } from '../contract/search-result.js';
import type { FitResult } from '../contract/fit-payloads.js';
import type { StudyProgress, StudyResult } from '../contract/study-spec.js';
import { planStudy } from '../paper/index.js';
import { evaluationOf, type StudyPlan } from '../paper/study-plan.js';
import { studyRows } from '../paper/study-rows.js';
import { store } from './activities.js';
import { asFailure, orFailure } from './failure.js';
import { markRelease } from './release.js';
import { StudyChildren } from './reproduce-children.js';

/** Where the study is: `temporal workflow query --type progress`. */
export const studyProgressQuery = defineQuery<StudyProgress>('progress');

/** Everything but the name of the run and its time. */
type Table = Omit<StudyResult, 'studyId' | 'seconds'>;

/**
 * Runs one study.
 *
 * @param input `{name, options}`: only the name is required
 */
export async function reproduce(input: unknown): Promise<StudyResult> {
  markRelease();
  const { workflowId: studyId } = workflowInfo();
  const { plan, options } = orFailure(() => planStudy(input));
  const started = new Date(); // the server's clock: the same on replay
  const children = new StudyChildren(plan);
  setHandler(studyProgressQuery, () => children.progress());
  try {
    await store.openRun({ id: studyId, kind: 'study', name: plan.name, spec: { name: plan.name, options } });
    const table = await run(plan, options.model, children);
    const result = { ...table, studyId, seconds: (new Date().getTime() - started.getTime()) / 1000 };
    await store.closeRun({ id: studyId, end: { status: 'finished', result } });
    children.finish();
    return result;
  } catch (error) {
    const failure = isCancellation(error) ? error : asFailure(error);
    const end = isCancellation(error)
      ? { status: 'cancelled' as const, message: 'It was cancelled.' }
      : { status: 'failed' as const, message: asFailure(error).message };
    await CancellationScope.nonCancellable(() => store.closeRun({ id: studyId, end }));
    throw failure;
  }
}

async function run(
  plan: StudyPlan,
  model: Parameters<typeof evaluationOf>[1],
  children: StudyChildren,
): Promise<Table> {
  const references = await findSchedules(plan, children);
  const evaluation = evaluationOf(plan, model, references);
  const label = `the ${plan.rows.length} rows of the table`;
  const about = { kind: 'evaluate' as const, id: evaluateIdOf(evaluation), label };
  children.evaluate();
  const { evaluateId, objective, prompts, warnings, ...evaluated } = await children.run<EvaluateResult>(
    about,
    evaluation,
  );
  const rows = studyRows(plan, { evaluateId, objective, prompts, warnings, ...evaluated }, references);
  const { name, title, columns, notes } = plan;
  return { study: name, title, evaluateId, columns, rows, objective, prompts, notes: [...notes, ...warnings] };
}

/** Fits and searches. @returns how an evaluation names what each of them made, by its key in the plan */
async function findSchedules(
  { fits, searches, together }: StudyPlan,
  children: StudyChildren,
): Promise<Record<string, string>> {
  const references: Record<string, string> = {};
  const steps = [
    ...fits.map(({ key, label, input }) => ({ kind: 'ptqd' as const, key, label, argument: input })),
    ...searches.map(({ key, label, spec }) => ({ kind: 'search' as const, key, label, argument: spec })),
  ];
  await children.inTurn(steps, together, async ({ kind, key, label, argument }) => {
    const id = kind === 'ptqd' ? ptqdIdOf(argument) : searchIdOf(argument);
    const made = await children.run<FitResult | SearchResult>({ kind, id, label }, argument);
    references[key] = kind === 'ptqd' ? `schedule:${(made as FitResult).id}` : `search:${id}`;
  });
  return references;
}

/** The name of this workflow in 0.1, kept for one release. */
export const study = (input: unknown): Promise<StudyResult> => reproduce(input);
