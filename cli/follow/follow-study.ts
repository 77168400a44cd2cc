/**
 * Running a study to its table: the same command joins what runs, and resumes what was interrupted.
 */
import type { Client } from '@temporalio/client';
import type { EvaluateProgress } from '../../contract/evaluate-payloads.js';
import type { SearchProgress } from '../../contract/search-result.js';
import type { StudyChild, StudyInput, StudyProgress, StudyResult } from '../../contract/study-spec.js';
import type { StudyPlan } from '../../paper/study-plan.js';
import { say } from '../text/output.js';
import { describeEvaluate } from './follow-evaluate.js';
import { runToEnd, type Outcome } from './run-to-end.js';
import { contentHash, startOrJoin } from './start-or-join.js';

/** A study to run. */
export interface StudyRun {
  readonly input: StudyInput;
  readonly plan: StudyPlan;
  readonly models: readonly string[];
  readonly wait: boolean;
}

/** The same study with the same options has the same id. */
export const studyIdOf = (input: StudyInput): string => `study-${input.name}-${contentHash(input)}`;

/** @throws QschedError: the study or the host failed */
export function runStudy({ input, plan, models, wait }: StudyRun): Promise<Outcome<StudyResult>> {
  const id = studyIdOf(input);
  let asking: Client;
  let running: readonly StudyChild[] = [];
  say(
    `study ${plan.name}: ${plan.fits.length + plan.searches.length} fits and searches, then ${plan.rows.length} rows`,
  );
  return runToEnd<StudyResult>({
    id,
    what: 'study',
    models,
    workers: undefined,
    wait,
    kept: 'everything scored so far is stored',
    comeBack: 'Resume with the same command',
    followAgain: 'Follow it with the same command',
    /** `3 of 18 fits and searches; Q-Sched, TCD, 4 steps: 40 of 100`. */
    ask: async (handle) => {
      const progress = await handle.query<StudyProgress>('progress');
      running = progress.running;
      const children = await Promise.all(progress.running.map((child) => childText(asking, child)));
      return (line) =>
        line.note(
          [
            progress.stage === 'search'
              ? `${progress.done} of ${progress.total} fits and searches`
              : `${progress.rows} rows`,
            ...children,
          ].join('; '),
        );
    },
    parts: () => [id, ...running.map((child) => child.id)],
    start: (client) => {
      asking = client;
      return startOrJoin(client, 'study', id, input, plan.title);
    },
  });
}

async function childText(client: Client, { kind, id, label }: StudyChild): Promise<string> {
  if (kind === 'ptqd') return label;
  const progress = await client.workflow
    .getHandle(id)
    .query<SearchProgress | EvaluateProgress>('progress')
    .catch(() => null);
  if (progress === null) return label;
  if ('told' in progress) {
    return `${label}: ${progress.stage === 'search' ? `${progress.told} of ${progress.budget}` : progress.stage}`;
  }
  return describeEvaluate(progress);
}
