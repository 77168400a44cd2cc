/**
 * What to type next.
 */
import type { SearchDocument } from '../documents/search-document.js';

type Next = SearchDocument['next'][number];

/** What else decides what is useful. */
interface About {
  readonly usesK: boolean;
  readonly pareto: boolean;
  /** The search whose coefficients are recommended: the linear one where two per step are not proven better. */
  readonly recommended: string;
}

/** The commands, the most useful first. */
export function nextCommands(
  { id, status, verdict }: Pick<SearchDocument, 'id' | 'status' | 'verdict'>,
  { usesK, pareto, recommended }: About,
): Next[] {
  const next = (command: string, what: string): Next => ({ command: `npx qsched ${command}`, what });
  if (status === 'running') {
    return [
      next(`resume ${id}`, 'follow the search; if its processes are gone, resume it'),
      next(`best ${id}`, 'show the best candidate so far'),
    ];
  }
  if (status !== 'finished') return [next(`resume ${id}`, 'resume the search: everything scored so far is stored')];
  const again = next(`confirm ${id}`, 're-test the finalist on held-out prompts with new seeds');
  const images = next(`images ${id}`, 'write the images of the held-out prompts as PNG files');
  const ranks = [
    ...(usesK ? [next(`rank ${id}`, 're-rank with other values of k')] : []),
    ...(pareto ? [next(`pareto ${id}`, 'show the Pareto front of text against quality')] : []),
  ];
  if (verdict?.recommend === 'calibrated') {
    return [next(`export ${recommended}`, 'export the coefficients'), again, images, ...ranks];
  }
  return [next(`plan ${id}`, 'show what the search took, stage by stage'), again, images, ...ranks];
}
