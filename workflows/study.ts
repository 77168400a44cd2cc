/**
 * The `study` workflow: the PTQD fits and searches of one table or figure as child workflows, a few at a time, then one
 * evaluation of what they found, then the table.
 *
 * A child's id is made from its content: a study that is run again, and another study with the same search, find what is
 * stored and score nothing twice.
 */
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  defineQuery,
  executeChild,
  isCancellation,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { EvaluateResult } from '../spec/evaluate-spec.js';
import type { SearchResult } from '../spec/payloads.js';
import type { PtqdResult } from '../spec/study-payloads.js';
import type { StudyChild, StudyProgress, StudyResult } from '../spec/study-spec.js';
import { childId } from '../studies/child-id.js';
import { planStudy } from '../studies/index.js';
import { evaluationOf } from '../studies/study-plan.js';
import { studyRows } from '../studies/study-rows.js';
import { store } from './activities.js';
import { asFailure, orFailure } from './failure.js';

const { min } = Math;

/** How long before a child that runs for somebody else is looked at again, in seconds: twice as long each time. */
const [SHORTEST_WAIT, LONGEST_WAIT] = [2, 120];

/** Where the study is: `temporal workflow query --type progress`. */
export const studyProgressQuery = defineQuery<StudyProgress>('progress');

/**
 * Runs one study.
 *
 * @param input `{name, options}`: only the name is required
 */
export async function study(input: unknown): Promise<StudyResult> {
  const { workflowId: studyId } = workflowInfo();
  const { plan, options } = orFailure(() => planStudy(input));
  const started = new Date(); // the server's clock: the same on replay
  const steps = [
    ...plan.fits.map((one) => ({ kind: 'ptqd' as const, ...one, argument: one.input })),
    ...plan.searches.map((one) => ({ kind: 'search' as const, ...one, argument: one.spec })),
  ];
  const running: StudyChild[] = [];
  let [done, stage]: [number, StudyProgress['stage']] = [0, 'search'];
  setHandler(studyProgressQuery, () => ({
    study: plan.name,
    stage,
    done,
    total: steps.length,
    rows: plan.rows.length,
    running: [...running],
  }));
  try {
    await store.openRun({ id: studyId, kind: 'study', name: plan.name, spec: { name: plan.name, options } });
    const result = await body();
    await store.closeRun({ id: studyId, end: { status: 'finished', result } });
    stage = 'finished';
    setCurrentDetails(`Finished: ${plan.rows.length} rows.`);
    return result;
  } catch (error) {
    const cancelled = isCancellation(error);
    const failure = cancelled ? error : asFailure(error);
    const end = {
      status: cancelled ? ('cancelled' as const) : ('failed' as const),
      message: cancelled ? 'It was cancelled.' : (failure as Error).message,
    };
    await CancellationScope.nonCancellable(() => store.closeRun({ id: studyId, end }));
    throw failure;
  }

  async function body(): Promise<StudyResult> {
    const references: Record<string, string> = {};
    await inTurn(steps, plan.together, async ({ kind, key, label, argument }) => {
      const id = childId(kind, argument);
      const result = await child<PtqdResult | SearchResult>({ kind, id, label }, argument);
      references[key] = kind === 'ptqd' ? `schedule:${(result as PtqdResult).id}` : `search:${id}`;
      done += 1;
    });
    stage = 'evaluate';
    const evaluation = evaluationOf(plan, options.model, references);
    const evaluateId = childId('evaluate', evaluation);
    const evaluated = await child<EvaluateResult>(
      { kind: 'evaluate', id: evaluateId, label: `the ${plan.rows.length} rows of the table` },
      evaluation,
    );
    return {
      study: plan.name,
      title: plan.title,
      studyId,
      evaluateId: evaluated.evaluateId,
      columns: plan.columns,
      rows: studyRows(plan, evaluated, references),
      objective: evaluated.objective,
      prompts: evaluated.prompts,
      notes: [...plan.notes, ...evaluated.warnings],
      seconds: (new Date().getTime() - started.getTime()) / 1000,
    };
  }

  /** Runs a child to its end; one that runs already, for another study, is waited for. */
  async function child<T>(about: StudyChild, argument: unknown): Promise<T> {
    running.push(about);
    show();
    try {
      for (let wait = SHORTEST_WAIT; ; wait = min(LONGEST_WAIT, 2 * wait)) {
        try {
          return (await executeChild(about.kind, {
            workflowId: about.id,
            args: [argument],
            staticSummary: about.label,
          })) as T;
        } catch (error) {
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
          await sleep(`${wait} seconds`);
        }
      }
    } catch (error) {
      throw isCancellation(error) ? error : childFailure(about, error);
    } finally {
      running.splice(running.indexOf(about), 1);
      show();
    }
  }

  function show(): void {
    const names = running.map(({ kind, id, label }) => `${kind} \`${id}\` (${label})`).join(', ');
    setCurrentDetails(
      `**${plan.name}**: ${done} of ${steps.length} fits and searches done${names === '' ? '' : `; running: ${names}`}.`,
    );
  }

  /** The child's own sentence, after its name. */
  function childFailure({ kind, id, label }: StudyChild, error: unknown): ApplicationFailure {
    const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    const type = cause instanceof ApplicationFailure ? (cause.type ?? 'failure') : 'failure';
    return ApplicationFailure.create({
      message: `The study ${plan.name} stopped at its ${kind} ${id} (${label}): ${why}`,
      type,
      nonRetryable: true,
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }
}

/** Works through a list, `together` at a time, in order; the first failure cancels what runs, and is thrown. */
async function inTurn<T>(list: readonly T[], together: number, body: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const scope = new CancellationScope();
  let failure: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    while (failure === undefined && next < list.length) {
      const one = list[next]!;
      next += 1;
      try {
        await body(one);
      } catch (error) {
        failure ??= { error };
        scope.cancel();
      }
    }
  };
  await scope.run(() => Promise.all(Array.from({ length: together }, lane)));
  if (failure !== undefined) throw failure.error;
}
