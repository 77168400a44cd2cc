/**
 * Scores of the baseline and the finalist on the held-out prompts, paired by prompt and seed: of the quantised network,
 * and of the full-precision one beside it.
 */
import { eq } from 'drizzle-orm';
import { createObjective } from '../metrics/objectives/jaq.js';
import type { NetworkScores } from '../metrics/statistics/repair.js';
import { mean } from '../metrics/statistics/statistics.js';
import { QschedError } from '../contract/errors.js';
import type { JudgeRequest } from '../contract/payloads.js';
import { knownEvaluations, splitPrompts } from './evaluations.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';
import { promptScores } from './schema.js';

/** Which prompts could be used. */
interface WholePrompts {
  /** Number of held-out prompts. */
  readonly prompts: number;
  /** The prompts of which every image has every score: their positions among the held-out ones, and their ids. */
  readonly whole: readonly { readonly position: number; readonly promptId: string }[];
}

/** Paired scores, as far as images have not failed. */
export interface PairedScores extends WholePrompts {
  /** For each scorer that is judged by, scores of these prompts x seeds. */
  readonly scorers: readonly (NetworkScores & { readonly scorer: string })[];
}

/** The same on both networks, over the prompts that are whole on both. */
export interface PairedNetworks extends WholePrompts {
  readonly scorers: readonly {
    readonly scorer: string;
    readonly quantised: NetworkScores;
    readonly full: NetworkScores;
  }[];
}

/**
 * Reads what the verdict is based on. It only reads: any handle of the database will do, in any thread.
 *
 * @throws QschedError (failure) if the baseline or the finalist was not asked for yet
 */
export function pairedScores(store: Store, request: JudgeRequest): PairedScores {
  const { scorers, ...prompts } = scoresIn(store, request, [request.contexts]);
  return { ...prompts, scorers: scorers.map(({ scorer, networks: [own] }) => ({ scorer, ...own! })) };
}

/**
 * Reads what the split into repair and tuning is based on.
 *
 * @param full contexts of the full-precision network
 * @throws QschedError (failure) as `pairedScores`
 */
export function pairedNetworks(store: Store, request: JudgeRequest, full: JudgeRequest['contexts']): PairedNetworks {
  const { scorers, ...prompts } = scoresIn(store, request, [request.contexts, full]);
  return {
    ...prompts,
    scorers: scorers.map(({ scorer, networks: [own, other] }) => ({ scorer, quantised: own!, full: other! })),
  };
}

/**
 * The same with the linear finalist, trial 2 of the confirmation, in place of the baseline.
 *
 * @throws QschedError (failure) as `pairedScores`
 */
export function scoresOverLinear(store: Store, request: JudgeRequest): PairedScores {
  const { scorers, ...prompts } = scoresIn(store, request, [request.contexts], [2, 1]);
  return { ...prompts, scorers: scorers.map(({ scorer, networks: [own] }) => ({ scorer, ...own! })) };
}

/** Scores of two trials in the contexts of some networks, over the prompts that are whole in all. */
function scoresIn(
  store: Store,
  { searchId, seeds, objectives }: JudgeRequest,
  networks: readonly JudgeRequest['contexts'][],
  numbers: readonly [number, number] = [0, 1],
): WholePrompts & { readonly scorers: { readonly scorer: string; readonly networks: NetworkScores[] }[] } {
  const promptIds = splitPrompts(store, searchId, 'confirm');
  const candidates = numbers.map((number) => confirmedCandidate(store, searchId, number));
  const terms = networks.map((contexts) =>
    candidates.map((candidate) =>
      knownEvaluations(store, contexts, candidate, promptIds, seeds).map((one) =>
        one?.status === 'ok' ? one.terms : null,
      ),
    ),
  );
  const at = (position: number): number[] => seeds.map((_, s) => position * seeds.length + s);
  const whole = promptIds
    .map((promptId, position) => ({ position, promptId }))
    .filter(({ position }) => at(position).every((i) => terms.flat().every((list) => list[i] !== null)));
  const scorers = objectives.map(({ scorer, plan }) => {
    const objective = createObjective(plan);
    const scored = terms.map((lists): NetworkScores => {
      const [baseline, finalist] = lists.map((list) =>
        whole.map(({ position }) => at(position).map((i) => objective.perImage(list[i]!))),
      );
      return { baseline: baseline!, finalist: finalist! };
    });
    return { scorer, networks: scored };
  });
  return { prompts: promptIds.length, whole, scorers };
}

const CONFIRMED = `
  select candidate_id as id from trials where search_id = @searchId and stage = 'confirm' and number = @number`;

/** Candidate of a trial of the confirmation: 0 is the baseline, 1 the finalist, 2 the linear finalist if there is one. */
export function confirmedCandidate(store: Store, searchId: string, number: number): string {
  const row = statement<object, { id: string }>(store, CONFIRMED).get({ searchId, number });
  if (row) return row.id;
  throw new QschedError(
    'failure',
    `Trial ${number} of the confirmation is not in the database.`,
    'Run `npx qsched resume`.',
  );
}

/** Stores the scores per prompt for the view `prompt_gains`, in place of those of an earlier verdict. */
export function storePromptScores(store: Store, request: JudgeRequest): void {
  const { searchId } = request;
  const { whole, scorers } = pairedScores(store, request);
  const rows = scorers.flatMap(({ scorer, baseline, finalist }) =>
    whole.map(({ position, promptId }, i) => ({
      searchId,
      scorer,
      position,
      promptId,
      baseline: mean(baseline[i]!),
      finalist: mean(finalist[i]!),
    })),
  );
  store.transaction((tx) => {
    tx.delete(promptScores).where(eq(promptScores.searchId, searchId)).run();
    for (const row of rows) tx.insert(promptScores).values(row).run();
  });
}
