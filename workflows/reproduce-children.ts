/**
 * The child workflows of a study: which run, which are done, and how one of them fails.
 */
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  executeChild,
  isCancellation,
  setCurrentDetails,
  sleep,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { StudyChild, StudyProgress } from '../contract/study-spec.js';
import type { StudyPlan } from '../paper/study-plan.js';
import { atMost } from './at-most.js';

const { min } = Math;

/** How long before a child that runs for somebody else is looked at again, in seconds: twice as long each time. */
const [SHORTEST_WAIT, LONGEST_WAIT] = [2, 120];

/** Children of one study. */
export class StudyChildren {
  private readonly running: StudyChild[] = [];
  private readonly total: number;
  private done = 0;
  private stage: StudyProgress['stage'] = 'search';

  constructor(private readonly plan: Pick<StudyPlan, 'name' | 'fits' | 'searches' | 'rows'>) {
    this.total = plan.fits.length + plan.searches.length;
  }

  /** What the query answers. */
  progress(): StudyProgress {
    const { running, total, done, stage, plan } = this;
    return { study: plan.name, stage, done, total, rows: plan.rows.length, running: [...running] };
  }

  /** From here on the table is evaluated. */
  evaluate(): void {
    this.stage = 'evaluate';
  }

  /** The table is there. */
  finish(): void {
    this.stage = 'finished';
    setCurrentDetails(`Finished: ${this.plan.rows.length} rows.`);
  }

  /** Runs a child to its end; one that runs already, for another study, is waited for. */
  async run<T>(child: StudyChild, argument: unknown): Promise<T> {
    this.running.push(child);
    this.show();
    try {
      return await this.result<T>(child, argument);
    } catch (error) {
      throw isCancellation(error) ? error : this.failureOf(child, error);
    } finally {
      this.running.splice(this.running.indexOf(child), 1);
      this.show();
    }
  }

  private async result<T>({ kind, id, label }: StudyChild, argument: unknown): Promise<T> {
    const options = { workflowId: id, args: [argument] as [unknown], staticSummary: label };
    for (let wait = SHORTEST_WAIT; ; wait = min(LONGEST_WAIT, 2 * wait)) {
      try {
        return (await executeChild(kind, options)) as T;
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        await sleep(`${wait} seconds`);
      }
    }
  }

  /** Works through a list, `together` at a time, in order; the first failure cancels what runs, and is thrown. */
  async inTurn<T>(list: readonly T[], together: number, body: (one: T) => Promise<void>): Promise<void> {
    const scope = new CancellationScope();
    let failure: { readonly error: unknown } | undefined;
    const attempt = async (one: T): Promise<void> => {
      if (failure !== undefined) return;
      try {
        await body(one);
        this.done += 1;
      } catch (error) {
        failure ??= { error };
        scope.cancel();
      }
    };
    await scope.run(() => atMost(together, list, attempt));
    if (failure !== undefined) throw failure.error;
  }

  private show(): void {
    const names = this.running.map(({ kind, id, label }) => `${kind} \`${id}\` (${label})`).join(', ');
    const running = names === '' ? '' : `; running: ${names}`;
    setCurrentDetails(`**${this.plan.name}**: ${this.done} of ${this.total} fits and searches done${running}.`);
  }

  /** The child's own sentence, after its name. */
  private failureOf({ kind, id, label }: StudyChild, error: unknown): ApplicationFailure {
    const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    return ApplicationFailure.create({
      message: `The study ${this.plan.name} stopped at its ${kind} ${id} (${label}): ${why}`,
      type: cause instanceof ApplicationFailure ? (cause.type ?? 'failure') : 'failure',
      nonRetryable: true,
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }
}
