/**
 * The command that repeats a search or an evaluation: with flags where they can say it, else with a spec file.
 */
import { stringify } from 'yaml';
import type { SearchSpec } from '../../contract/search-spec.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { minimalSpec } from './minimal-spec.js';
import { isGroup, type Tree } from './tree.js';

/** The flag of every field of a search that has one. A test holds them to those of the command line. */
export const FLAGS: Readonly<Record<string, string>> = {
  model: '--model',
  precision: '--precision',
  preset: '--preset',
  size: '--size',
  guidance: '--guidance',
  negativePrompt: '--negative-prompt',
  sequenceLength: '--sequence-length',
  'scheduler.type': '--scheduler',
  'scheduler.spacing': '--spacing',
  'scheduler.steps': '--steps',
  'scheduler.eta': '--eta',
  'objective.type': '--objective',
  'objective.weights': '--weights',
  'objective.k': '--k',
  'objective.atLeast': '--at-least',
  'objective.goal': '--goal',
  'optimizer.type': '--optimizer',
  'optimizer.budget': '--budget',
  'optimizer.gridPoints': '--grid-points',
  'optimizer.batch': '--batch',
  'optimizer.seed': '--seed',
  racing: '--racing',
  prior: '--prior',
  start: '--start',
  control: '--control',
  'coefficients.shape': '--shape',
  'coefficients.tune': '--tune',
  'coefficients.range': '--range',
  'prompts.set': '--prompts',
  'prompts.count': '--count',
  'prompts.seeds': '--noise-seed',
  'select.set': '--select-prompts',
  'select.count': '--select-count',
  'select.finalists': '--finalists',
  'confirm.set': '--confirm-prompts',
  'confirm.count': '--confirm-count',
};

/** Groups that one flag sets, as in `a=1,b=2`. */
const PAIRS = ['objective.weights', 'objective.atLeast'];

/** Fields whose defaults depend on the model; of the bundled one only these are always written. */
const OF_MODEL = ['objective.scorer', 'prompts.set', 'select.set', 'confirm.set', 'confirm.scorers'];
const ALWAYS = ['precision', 'scheduler.type', 'scheduler.steps'];
const BUNDLED = 'shapes';

/** Neither changes what is found. */
const PASSING = { waitForWorker: 600, retryFailed: false };

/** One line of flags, or a spec file as a here-document and the line that runs it. */
export function repeatCommand(spec: SearchSpec): string {
  const kept = spec.model === BUNDLED ? ALWAYS : [...ALWAYS, ...OF_MODEL];
  const tree = minimalSpec({ ...spec, ...PASSING }, parseSearchSpec, kept);
  const flags = flagsOf(tree);
  return flags === null ? specFileCommand('search', tree) : ['npx qsched search', ...flags].join(' ');
}

/** A spec file as a here-document of the shell, and the command that reads it. */
export function specFileCommand(command: 'search' | 'evaluate' | 'gate', tree: object): string {
  const yaml = stringify(tree, { lineWidth: 0 });
  let end = 'END';
  while (yaml.split('\n').includes(end)) end += 'D';
  return `cat > ${command}.yaml <<'${end}'\n${yaml}${end}\nnpx qsched ${command} ${command}.yaml`;
}

/** Null if a field has no flag, or a value cannot be written as one. */
function flagsOf(tree: Tree): string[] | null {
  const flags: string[] = [];
  for (const [path, value] of leavesOf(tree)) {
    const text = flagText(value);
    if (FLAGS[path] === undefined || text === null) return null;
    flags.push(`${FLAGS[path]} ${quoted(text)}`);
  }
  return flags;
}

/** Every field with its path; lists, weights and constraints are one value. */
function leavesOf(tree: Tree, path = ''): (readonly [string, unknown])[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const own = path === '' ? key : `${path}.${key}`;
    return isGroup(value) && !PAIRS.includes(own) ? leavesOf(value, own) : [[own, value] as const];
  });
}

function flagText(value: unknown): string | null {
  if (typeof value === 'string') return value.startsWith('-') ? null : value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.every((one) => typeof one === 'number') ? value.join(',') : null;
  if (!isGroup(value)) return null;
  const pairs = Object.entries(value);
  const plain = pairs.every(([name, one]) => typeof one === 'number' && !/[,=]/.test(name));
  return plain && pairs.length > 0 ? pairs.map(([name, one]) => `${name}=${String(one)}`).join(',') : null;
}

/** As a shell reads it. */
const quoted = (text: string): string =>
  /^[A-Za-z0-9._,=:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
