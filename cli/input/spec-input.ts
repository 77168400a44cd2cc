/**
 * A spec from a YAML file, flags and the environment: flag > file > default.
 */
import type { SearchSpec } from '../../contract/search-spec.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { setPrompts } from './prompt-input.js';
import { readYaml, type YamlFile } from './read-yaml.js';
import { groupAt, number, numbers, weights, type Tree } from './values.js';

/** Flags of `search` that change the spec. */
export interface SpecFlags {
  readonly model?: string;
  readonly precision?: string;
  readonly scheduler?: string;
  readonly spacing?: string;
  readonly steps?: string;
  readonly eta?: string;
  readonly k?: string;
  readonly objective?: string;
  readonly weights?: string;
  readonly optimizer?: string;
  readonly budget?: string;
  readonly gridPoints?: string;
  readonly batch?: string;
  readonly seed?: string;
  readonly noiseSeed?: string;
  readonly shape?: string;
  readonly tune?: string;
  readonly range?: string;
  readonly prompts?: string;
  readonly count?: string;
  readonly selectPrompts?: string;
  readonly selectCount?: string;
  readonly finalists?: string;
  readonly confirmPrompts?: string;
  readonly confirmCount?: string;
  readonly control?: string;
}

/** Reads, merges and validates. @throws QschedError (usage) naming file, line and field */
export function readSpec(path: string | undefined, flags: SpecFlags, fallback: Tree = {}): SearchSpec {
  const file = path === undefined ? null : readYaml(path);
  const tree: Tree = file?.data ?? structuredClone(fallback);
  const flagged = applyFlags(tree, flags);
  return parseSearchSpec(tree, (where) => placeOf(where, flagged, file));
}

/**
 * What goes before a problem: the flag that set the value, else the line of the file.
 *
 * @param flagged names of flags by the path that they set
 */
export function placeOf(
  where: readonly PropertyKey[],
  flagged: ReadonlyMap<string, string>,
  file: YamlFile | null,
): string {
  const flag = where
    .map((_, i) => flagged.get(where.slice(0, i + 1).join('.')))
    .findLast((found) => found !== undefined);
  if (flag !== undefined) return `--${flag}: `;
  return file === null ? '' : `${file.path}${file.lineOf(where)}: `;
}

/** Sets the flags in the tree; returns the flag's name by the path it set. */
function applyFlags(tree: Tree, flags: SpecFlags): Map<string, string> {
  const flagged = new Map<string, string>();
  const set = (flag: string, path: string, value: unknown): void => {
    if (value === undefined) return;
    const dot = path.indexOf('.');
    if (dot === -1) tree[path] = value;
    else groupAt(tree, path.slice(0, dot))[path.slice(dot + 1)] = value;
    flagged.set(path, flag);
  };
  set('model', 'model', flags.model);
  set('precision', 'precision', flags.precision);
  set('scheduler', 'scheduler.type', flags.scheduler);
  set('spacing', 'scheduler.spacing', flags.spacing);
  set('steps', 'scheduler.steps', number(flags.steps));
  set('eta', 'scheduler.eta', number(flags.eta));
  set('k', 'objective.k', number(flags.k));
  set('objective', 'objective.type', flags.objective);
  set('weights', 'objective.weights', flags.weights === undefined ? undefined : weights(flags.weights));
  set('optimizer', 'optimizer.type', flags.optimizer);
  set('budget', 'optimizer.budget', number(flags.budget));
  set('grid-points', 'optimizer.gridPoints', number(flags.gridPoints));
  set('batch', 'optimizer.batch', number(flags.batch));
  set('seed', 'optimizer.seed', number(flags.seed));
  set('noise-seed', 'prompts.seeds', numbers(flags.noiseSeed));
  set('shape', 'coefficients.shape', flags.shape);
  set('tune', 'coefficients.tune', flags.tune);
  set('range', 'coefficients.range', numbers(flags.range));
  setPrompts(tree, 'prompts', flagged, ['prompts', flags.prompts], ['count', flags.count]);
  setPrompts(tree, 'select', flagged, ['select-prompts', flags.selectPrompts], ['select-count', flags.selectCount]);
  set('finalists', 'select.finalists', number(flags.finalists));
  setPrompts(
    tree,
    'confirm',
    flagged,
    ['confirm-prompts', flags.confirmPrompts],
    ['confirm-count', flags.confirmCount],
  );
  set('control', 'control', flags.control);
  return flagged;
}
