/**
 * Running an evaluation to its table.
 */
import type { EvaluateProgress } from '../../contract/evaluate-payloads.js';
import type { EvaluateResult, EvaluateSpec } from '../../contract/evaluate-spec.js';
import { runToEnd, type Outcome } from './run-to-end.js';
import { contentHash, startOrJoin } from './start-or-join.js';

/** The same spec has the same id: `evaluate-1a2b3c4d5e6f`. */
export const evaluateIdOf = (spec: EvaluateSpec): string => `evaluate-${contentHash(spec)}`;

/** Starts the workflow or joins the one that runs. @throws QschedError: it failed, was cancelled, or no server answers */
export function runEvaluate(
  spec: EvaluateSpec,
  { workers, wait }: { readonly workers: number | undefined; readonly wait: boolean },
): Promise<Outcome<EvaluateResult>> {
  const id = evaluateIdOf(spec);
  return runToEnd<EvaluateResult>({
    id,
    what: 'evaluation',
    models: [...new Set(spec.rows.map(({ model }) => model))],
    workers,
    wait,
    kept: 'every image drawn so far is kept',
    comeBack: 'Resume with the same command',
    followAgain: 'Follow it with the same command',
    ask: async (handle) => {
      const progress = await handle.query<EvaluateProgress>('progress');
      return (line) => line.note(describeEvaluate(progress));
    },
    start: (client) => startOrJoin(client, 'evaluate', id, spec, `${spec.rows.length} rows`),
  });
}

/** `1200/8000 images - 1000 drawn, 200 found` */
export function describeEvaluate({
  stage,
  rows,
  images,
  done,
  drawn,
  reused,
  failed,
  summarised,
}: EvaluateProgress): string {
  if (stage === 'prepare') return 'preparing the models (loading and hashing their files)';
  if (stage === 'summarise') return `summing up: ${summarised}/${rows} rows`;
  return `${done}/${images} images - ${drawn} drawn, ${reused} found${failed > 0 ? `, ${failed} failed` : ''}`;
}
