/**
 * Running an evaluation to its table.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { evaluateIdOf } from '../../contract/content-id.js';
import type { EvaluateProgress } from '../../contract/evaluate-payloads.js';
import type { EvaluateResult, EvaluateSpec } from '../../contract/evaluate-spec.js';
import type { Serving } from '../host/serving.js';
import { startOrJoin } from './start-or-join.js';
import { letGo } from './let-go.js';
import { eta } from '../text/duration.js';
import type { Followed } from './follow-workflow.js';
import { runToEnd, type LongRun, type Outcome, type Visit } from './visit-host.js';

/** What messages say about an interrupted evaluation. */
export const EVALUATION = {
  what: 'evaluation',
  kept: 'every image generated so far is kept',
  comeBack: 'Resume with the same command',
  followAgain: 'Follow it with the same command',
} as const satisfies Partial<Visit>;

/**
 * How an evaluation is started and followed; the same spec has the same id.
 *
 * @param input what the workflow gets, if it is not the complete spec
 */
export function followedEvaluate(spec: EvaluateSpec, input: unknown = spec): Followed & Pick<LongRun, 'start'> {
  const id = evaluateIdOf(spec);
  return {
    ...EVALUATION,
    id,
    ask: async (handle: WorkflowHandle) => {
      const progress = await handle.query<EvaluateProgress>('progress');
      return (line) => line.note(describeEvaluate(progress), evaluatePart(progress));
    },
    start: async (client) => {
      const handle = await startOrJoin(client, 'evaluate', id, input, `${spec.rows.length} rows`);
      await letGo(client, { id, what: 'evaluation' });
      return handle;
    },
  };
}

/** Starts the workflow or joins the one that runs. @throws QschedError: it failed or was cancelled, or no server answers */
export const runEvaluate = (
  spec: EvaluateSpec,
  { input, ...host }: { readonly serving: Serving; readonly wait: boolean; readonly input?: unknown },
): Promise<Outcome<EvaluateResult>> =>
  runToEnd<EvaluateResult>({
    ...EVALUATION,
    ...followedEvaluate(spec, input),
    ...host,
    page: 'tables',
    models: [...new Set(spec.rows.map(({ model }) => model))],
  });

/** `1200/8000 images - 1000 generated, 200 reused - ETA 3 min` */
export function describeEvaluate(progress: EvaluateProgress): string {
  const { stage, rows, images, done, generated, reused, failed, summarised, secondsLeft, paused } = progress;
  const held = paused === true ? 'paused (continue: npx qsched unpause) - ' : '';
  if (stage === 'prepare') return `${held}preparing the models (loading and hashing their files)`;
  if (stage === 'summarise') return `${held}summarising: ${summarised}/${rows} rows`;
  const lost = failed > 0 ? `, ${failed} failed` : '';
  return `${held}${done}/${images} images - ${generated} generated, ${reused} reused${lost}${paused === true ? '' : eta(secondsLeft)}`;
}

/** Where there is no terminal: a line per tenth of the images, and per row. */
export const evaluatePart = ({ stage, images, done, summarised }: EvaluateProgress): string =>
  `${stage} ${stage === 'render' ? Math.floor((10 * done) / Math.max(1, images)) : summarised}`;
