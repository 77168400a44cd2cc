/**
 * Running a study (a table or figure of the paper) to its end. The same command joins one that runs, and resumes one that
 * was interrupted.
 */
import type { Client } from '@temporalio/client';
import { reproduceIdOf } from '../../contract/content-id.js';
import type { EvaluateProgress } from '../../contract/evaluate-payloads.js';
import type { SearchProgress } from '../../contract/search-result.js';
import type { StudyChild, StudyInput, StudyProgress, StudyResult } from '../../contract/study-spec.js';
import type { StudyPlan } from '../../paper/study-plan.js';
import type { Serving } from '../host/serving.js';
import { say } from '../text/output.js';
import { describeSearch } from './describe-search.js';
import { describeEvaluate } from './follow-evaluate.js';
import { startOrJoin } from './start-or-join.js';
import { runToEnd, type Outcome } from './visit-host.js';

/** A study to run. */
export interface StudyRun {
  readonly input: StudyInput;
  readonly plan: StudyPlan;
  readonly models: readonly string[];
  readonly serving: Serving;
  readonly wait: boolean;
}

/** @throws QschedError: the study or the host failed */
export function runStudy({ input, plan, ...host }: StudyRun): Promise<Outcome<StudyResult>> {
  const id = reproduceIdOf(input);
  let asking: Client;
  let running: readonly StudyChild[] = [];
  say(`${plan.name}: ${plan.fits.length + plan.searches.length} fits and searches, then ${plan.rows.length} rows`);
  return runToEnd<StudyResult>({
    ...host,
    id,
    page: 'tables',
    what: 'study',
    kept: 'everything scored so far is stored',
    comeBack: 'Resume with the same command',
    followAgain: 'Follow it with the same command',
    /** `3 of 18 fits and searches; Q-Sched, TCD, 4 steps: 40 of 100`. */
    ask: async (handle) => {
      const progress = await handle.query<StudyProgress>('progress');
      running = progress.running;
      const children = await Promise.all(progress.running.map((child) => childText(asking, child)));
      const own =
        progress.stage === 'search'
          ? `${progress.done} of ${progress.total} fits and searches`
          : `${progress.rows} rows`;
      const part = `${progress.stage} ${progress.done} ${progress.running.map(({ id: child }) => child).join(' ')}`;
      return (line) => line.note([own, ...children].join('; '), part);
    },
    parts: () => [id, ...running.map((child) => child.id)],
    start: (client) => {
      asking = client;
      return startOrJoin(client, 'reproduce', id, input, plan.title);
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
  if ('told' in progress) return `${label}: ${describeSearch({ progress })}`;
  return describeEvaluate(progress);
}
