/**
 * A spec from a YAML file, flags and the environment: flag > file > default.
 */
import { readFileSync } from 'node:fs';
import { isMap, LineCounter, parseDocument, type Node } from 'yaml';
import { messageOf, QschedError } from '../../spec/errors.js';
import { parsePrompts } from '../../inference/prompts/prompt-sets.js';
import type { SearchSpec } from '../../spec/search-spec.js';
import { parseSearchSpec } from '../../spec/validate.js';

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

type Tree = { [key: string]: unknown };

/** Reads, merges and validates. @throws QschedError (usage) naming file, line and field */
export function readSpec(path: string | undefined, flags: SpecFlags, fallback: Tree = {}): SearchSpec {
  const file = path === undefined ? null : readYaml(path);
  const tree: Tree = structuredClone(file?.data ?? fallback);
  const flagged = applyFlags(tree, flags);
  return parseSearchSpec(tree, (where) => {
    const flag = where.map((_, i) => flagged.get(where.slice(0, i + 1).join('.'))).findLast((found) => found !== undefined);
    if (flag !== undefined) return `--${flag}: `;
    return file ? `${path}${file.lineOf(where)}: ` : '';
  });
}

/** A YAML file as data, and the line of each of its fields. @throws QschedError (usage) */
export function readYaml(path: string): { data: Tree; lineOf: (where: readonly PropertyKey[]) => string } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as { code?: string }).code === 'ENOENT' ? 'does not exist' : `cannot be read (${messageOf(error)})`;
    throw new QschedError('usage', `The spec file ${path} ${reason}.`, 'Give the path of a YAML file, or flags such as --model shapes.');
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) throw new QschedError('usage', `${path}:${lines.linePos(broken.pos[0]).line}: this is not YAML: ${broken.message.split('\n')[0]}`, 'Mend the line and try again.');
  if (!isMap(document.contents)) throw new QschedError('usage', `${path} holds no spec.`, 'Write at least `model: shapes`.');
  const lineOf = (where: readonly PropertyKey[]): string => {
    for (let length = where.length; length > 0; length -= 1) {
      const node = document.getIn(where.slice(0, length), true) as Node | undefined;
      if (node?.range) return `:${lines.linePos(node.range[0]).line}`;
    }
    return '';
  };
  return { data: document.toJS() as Tree, lineOf };
}

/** Sets the flags in the tree; returns the flag's name by the path it set. */
function applyFlags(tree: Tree, flags: SpecFlags): Map<string, string> {
  const flagged = new Map<string, string>();
  const set = (flag: string, path: string, value: unknown): void => {
    if (value === undefined) return;
    const keys = path.split('.');
    let place = tree;
    for (const key of keys.slice(0, -1)) place = (place[key] ??= {}) as Tree;
    place[keys.at(-1)!] = value;
    flagged.set(path, flag);
  };
  const prompts = (flag: string, field: string, value: string | undefined): void => {
    if (value === undefined) return;
    if (/[/.\\]/.test(value)) set(flag, `${field}.texts`, readPrompts(value, flag));
    else set(flag, `${field}.set`, value);
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
  set('noise-seed', 'prompts.seeds', flags.noiseSeed?.split(',').map(number));
  set('shape', 'coefficients.shape', flags.shape);
  set('tune', 'coefficients.tune', flags.tune);
  set('range', 'coefficients.range', flags.range?.split(',').map(number));
  prompts('prompts', 'prompts', flags.prompts);
  set('count', 'prompts.count', number(flags.count));
  prompts('select-prompts', 'select', flags.selectPrompts);
  set('select-count', 'select.count', number(flags.selectCount));
  set('finalists', 'select.finalists', number(flags.finalists));
  prompts('confirm-prompts', 'confirm', flags.confirmPrompts);
  set('confirm-count', 'confirm.count', number(flags.confirmCount));
  set('control', 'control', flags.control);
  return flagged;
}

/** A number where the text is one; the text itself otherwise, for the validator to name. */
export function number(text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** `clip-score=1,clip-iqa.noisiness=2` as a group; a part without a number is left for the validator to name. */
export function weights(text: string): Tree {
  return Object.fromEntries(text.split(',').map((part) => {
    const at = part.lastIndexOf('=');
    return at === -1 ? [part.trim(), undefined] : [part.slice(0, at).trim(), number(part.slice(at + 1))];
  }));
}

/** Prompts of a file that a flag names. @throws QschedError (usage) */
export function readPrompts(path: string, flag: string): string[] {
  try {
    return parsePrompts(readFileSync(path), path).map(({ text }) => text);
  } catch (error) {
    if (error instanceof QschedError) throw error;
    throw new QschedError('usage', `--${flag}: the file ${path} cannot be read (${messageOf(error)}).`, 'Give the name of a prompt set, or the path of a text file with a prompt a line.');
  }
}
