/**
 * The evaluation within a gate: its two sides as rows of a table, whose networks are described, planned and rendered like
 * any other. A gate of folders has one row, the model whose scorers look at the images.
 */
import type { EvaluateSpec } from './evaluate-spec.js';
import { GateSpec, type GateSide } from './gate-spec.js';
import { PAIR_SCORE_NAMES } from './names.js';
import type { Written } from './settle-search.js';

/** The pointwise score that is the objective itself. */
export const OBJECTIVE_SCORE = 'objective';

/** The model whose scorers are used for folders of images if none is named. */
const BUNDLED = 'shapes';

/** A gate as it is run. */
export interface SettledGate {
  /** Complete, with its scores. */
  readonly spec: GateSpec & { readonly scores: readonly string[] };
  readonly evaluation: EvaluateSpec;
}

/** Whether a name is that of a score of two images, such as `lpips@folder`. */
export const isPairName = (name: string): boolean => PAIR_SCORE_NAMES.some((score) => score === name.split('@')[0]);

/** Names of the scores of one image, and of those of two, in their order. */
export function splitScores(scores: readonly string[]): { pointwise: string[]; pairwise: string[] } {
  return {
    pointwise: scores.filter((name) => !isPairName(name)),
    pairwise: scores.filter(isPairName),
  };
}

/** Whether a gate compares folders. @param written a gate as a user wrote it */
export const isOfFolders = (written: Pick<Written, string>): boolean =>
  [written['reference'], written['candidate']].some((side) => groupOf(side)['images'] !== undefined);

/** Whether a score of one image needs its prompt. */
export const readsPrompts = ({ scores, objective }: SettledGate['spec']): boolean =>
  splitScores(scores).pointwise.some((name) => name !== OBJECTIVE_SCORE || objective.type !== 'iq');

/** An EvaluateSpec as a user would write it. @param written a gate as a user wrote it, which is valid field by field */
export function evaluationInput(written: Written): Written {
  const { scores, objective, retryFailed, waitForWorker } = written;
  const [reference, candidate] = [groupOf(written['reference']), groupOf(written['candidate'])];
  const rows = isOfFolders(written)
    ? [{ model: reference['model'] ?? candidate['model'] ?? BUNDLED }]
    : [
        // Labels keep sides apart that are otherwise the same.
        { precision: 'fp32', ...reference, label: 'reference' },
        { ...candidate, label: 'candidate' },
      ];
  const byDefault = GateSpec.shape.prompts.parse({});
  return {
    rows,
    prompts: { seeds: byDefault.seeds, ...groupOf(written['prompts']) },
    ...(objective === undefined ? {} : { objective }),
    ...(Array.isArray(scores)
      ? { scorers: splitScores(scores as string[]).pointwise.filter((name) => name !== OBJECTIVE_SCORE) }
      : {}),
    features: null,
    ...(retryFailed === undefined ? {} : { retryFailed }),
    ...(waitForWorker === undefined ? {} : { waitForWorker }),
  };
}

/** The gate with what its evaluation settled. @param read its own fields, with their defaults */
export function withEvaluation(read: GateSpec, evaluation: EvaluateSpec): SettledGate {
  const { prompts, objective, scorers, rows } = evaluation;
  const [reference, candidate] = isOfFolders(read) ? [read.reference, read.candidate] : rows.map(asSide);
  return {
    spec: {
      ...read,
      reference: reference!,
      candidate: candidate!,
      prompts,
      objective,
      scores: read.scores ?? [OBJECTIVE_SCORE, ...scorers],
    },
    evaluation,
  };
}

/** A row without its label, which only tells two equal rows apart. */
function asSide(row: EvaluateSpec['rows'][number]): GateSide {
  const { label, ...side } = row;
  void label;
  return side;
}

const groupOf = (value: unknown): Written =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Written) : {};
