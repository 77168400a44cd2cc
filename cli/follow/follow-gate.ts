/**
 * Running a gate to its verdict.
 */
import type { WorkflowHandle } from '@temporalio/client';
import type { SettledGate } from '../../contract/gate-evaluation.js';
import { gateIdOf } from '../../contract/gate-id.js';
import type { GateProgress } from '../../contract/gate-payloads.js';
import type { GateResult } from '../../contract/gate-result.js';
import type { Serving } from '../host/serving.js';
import { eta } from '../text/duration.js';
import type { Followed } from './follow-workflow.js';
import { letGo } from './let-go.js';
import { startOrJoin } from './start-or-join.js';
import { runToEnd, type LongRun, type Outcome, type Visit } from './visit-host.js';

/** What messages say about an interrupted gate. */
const GATE = {
  what: 'gate',
  kept: 'every image generated so far is kept',
  comeBack: 'Resume with the same command',
  followAgain: 'Follow it with the same command',
} as const satisfies Partial<Visit>;

/** How a gate is started and followed; the same spec has the same id. @param input what the workflow gets */
export function followedGate(
  { spec }: SettledGate,
  input: unknown,
): Followed & Pick<LongRun, 'start' | 'kept' | 'followAgain'> {
  const id = gateIdOf(spec);
  return {
    ...GATE,
    id,
    ask: async (handle: WorkflowHandle) => {
      const progress = await handle.query<GateProgress>('progress');
      return (line) => line.note(describeGate(progress), gatePart(progress));
    },
    start: async (client) => {
      const handle = await startOrJoin(client, 'gate', id, input, 'a candidate against its reference');
      await letGo(client, { id, what: 'gate' });
      return handle;
    },
  };
}

/** Starts the workflow or joins the one that runs. @throws QschedError: it failed or was cancelled, or no server answers */
export const runGate = (
  gate: SettledGate,
  { input, ...host }: { readonly serving: Serving; readonly wait: boolean; readonly input: unknown },
): Promise<Outcome<GateResult>> =>
  runToEnd<GateResult>({
    ...GATE,
    ...followedGate(gate, input),
    ...host,
    page: 'tables',
    models: [...new Set(gate.evaluation.rows.map(({ model }) => model))],
  });

/** `look 2, 120 prompts: 200/480 images - 100 generated, 100 reused - ETA 3 min` */
export function describeGate(progress: GateProgress): string {
  const { stage, looks, prompts, planned, images, done, generated, reused, failed, secondsLeft } = progress;
  if (stage === 'prepare') return 'preparing the models (loading and hashing their files)';
  const of = planned === null ? '' : ` of ${planned}`;
  if (stage === 'look') return `comparing at ${prompts}${of} prompts`;
  const lost = failed > 0 ? `, ${failed} failed` : '';
  return (
    `look ${looks + 1}, ${prompts}${of} prompts: ${done}/${images} images - ` +
    `${generated} generated, ${reused} reused${lost}${eta(secondsLeft)}`
  );
}

/** Where there is no terminal: a line per look, and per tenth of the images. */
export const gatePart = ({ stage, looks, images, done }: GateProgress): string =>
  `${stage} ${looks} ${stage === 'render' ? Math.floor((10 * done) / Math.max(1, images)) : ''}`;
