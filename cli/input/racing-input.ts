/**
 * The race that flags choose. They change that of a file.
 */
import { QschedError } from '../../contract/errors.js';
import { isGroup, whole, type Tree } from './values.js';

/** As the spec has it. */
const MAX_BLOCK = 100_000;

/**
 * `--racing on` keeps the details that a file has; `--racing-block` sets one of them.
 *
 * @param tree a spec as it was written; it is changed
 * @throws QschedError (usage) for a block that is not a number, or that is given without a race
 */
export function setRacing(
  tree: Tree,
  { racing, racingBlock }: { readonly racing?: string; readonly racingBlock?: string },
): void {
  if (racing !== undefined && !(racing === 'on' && isGroup(tree['racing']))) tree['racing'] = racing;
  const block = whole('--racing-block', racingBlock, 2, MAX_BLOCK);
  if (block === undefined) return;
  const { racing: chosen } = tree;
  if (chosen === 'off') {
    throw new QschedError(
      'usage',
      `--racing-block ${block} has no effect: racing is off.`,
      'Remove it, or give --racing on.',
    );
  }
  // What is neither remains, so that the validator can name it.
  if (chosen === undefined || chosen === 'on' || isGroup(chosen)) {
    tree['racing'] = { ...(isGroup(chosen) ? chosen : {}), block };
  }
}
