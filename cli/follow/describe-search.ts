/**
 * The progress of a search in words, and the moment when it is worth a line of its own.
 */
import type { SearchProgress } from '../../contract/search-result.js';
import { eta } from '../text/duration.js';

/** A search with the search that it waits for: the linear one before it, or the full-precision one beside it. */
export interface ShownSearch {
  readonly progress: SearchProgress;
  /** Progress of its full-precision search, if that runs. */
  readonly control?: SearchProgress | null;
  /** Progress of the linear search that comes first, if that runs. */
  readonly linear?: SearchProgress | null;
  /** Share of a least-squares match that is done, if that runs. */
  readonly matched?: number | null;
}

/** What a search does, stage by stage. */
const STAGES: Readonly<Record<string, string>> = {
  prepare: 'preparing the model (loading and hashing its files)',
  start: 'finding what the search starts from',
  identity: 'scoring the baseline',
  select: 'choosing the finalist on the selection prompts',
  confirm: 'testing the finalist on held-out prompts',
  control: 'scoring the full-precision network',
  finished: 'storing the result',
};

/** Lines of a stage with counts where there is no terminal: one per so many of its images. */
const PARTS = 4;

/** `generation 7 - 84/240 candidates - best 1.6784 (+0.9 % over baseline) - ETA 50 s` */
export function describeSearch({ progress, control = null, linear = null, matched = null }: ShownSearch): string {
  const own = bothLeft(progress.secondsLeft, control);
  if (progress.stage === 'start' && linear !== null) {
    return `linear search first: ${stageText(linear)}${eta(linear.secondsLeft)}, then this search`;
  }
  if (progress.stage === 'start' && matched !== null) return `least-squares match - ${percent(matched)}`;
  if (waitsForControl(progress) && control !== null) {
    return `full-precision search: ${stageText(control)}${eta(control.secondsLeft)}`;
  }
  if (progress.paused === true) return `paused (continue: npx qsched unpause) - ${stageText(progress)}`;
  return `${stageText(progress)}${eta(own)}`;
}

/** Changes with every generation and stage, and with every quarter of a stage that has counts. */
export function partOf({ progress, control = null, linear = null, matched = null }: ShownSearch): string {
  const own = onePart(progress);
  if (progress.stage === 'start') return `${own} ${linear === null ? quarter(matched ?? 0) : onePart(linear)}`;
  return waitsForControl(progress) && control !== null ? `${own} ${onePart(control)}` : own;
}

/** Its own images of the control are done: only the full-precision search is left. */
const waitsForControl = ({ stage, images }: SearchProgress): boolean =>
  stage === 'control' && images.total > 0 && images.done >= images.total;

function onePart({ stage, generation, images: { done, total } }: SearchProgress): string {
  return stage === 'search' ? `generation ${generation}` : `${stage} ${total === 0 ? 0 : quarter(done / total)}`;
}

const quarter = (share: number): number => Math.floor(share * PARTS);

export const percent = (share: number): string => `${Math.floor(100 * share)} %`;

/** Both end before the verdict is there. */
const bothLeft = (own: number | null, control: SearchProgress | null): number | null =>
  own === null || control?.secondsLeft === undefined ? own : Math.max(own, control.secondsLeft ?? 0);

function stageText(progress: SearchProgress): string {
  const { stage, generation, told, budget, best, identity, failed, images } = progress;
  if (stage !== 'search') {
    const text = STAGES[stage] ?? stage;
    return images.total === 0 || stage === 'prepare' || stage === 'finished'
      ? text
      : `${text} - ${images.done}/${images.total} images`;
  }
  const parts = [`generation ${generation + 1}`, `${told}/${budget} candidates`];
  if (best !== null && identity !== null) parts.push(`best ${best.toFixed(4)} (${over(best, identity)} baseline)`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(' - ');
}

/** `+0.9 % over`; the difference itself if the baseline's score is not positive. */
function over(best: number, identity: number): string {
  const above = best - identity;
  const sign = above >= 0 ? '+' : '';
  return identity > 0 ? `${sign}${((100 * above) / identity).toFixed(1)} % over` : `${sign}${above.toFixed(4)} over`;
}
