/**
 * `qsched prompts import | split | check | list`: your own prompt sets.
 */
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { findPromptSet, listPromptSets } from '../../inference/prompts/prompt-sets.js';
import { readSource, type PromptsFlags } from '../input/prompt-source.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import { textTable } from '../text/table-document.js';
import { checkSets } from './prompts-check.js';
import { importSet } from './prompts-import.js';
import { splitSet } from './prompts-split.js';

const ACTIONS = ['import', 'split', 'check', 'list'] as const;

/** Flags that only some actions take. */
const FLAGS_OF: Readonly<Record<(typeof ACTIONS)[number], readonly (keyof PromptsFlags)[]>> = {
  import: ['name', 'format', 'count', 'seed', 'license'],
  split: ['name', 'seed', 'calibration', 'select', 'heldout'],
  check: ['model'],
  list: [],
};

/** @returns the exit code @throws QschedError (usage) for an unknown action, and for flags of another one */
export function promptsCommand(action: string, what: readonly string[], flags: PromptsFlags): number {
  const known = ACTIONS.find((one) => one === action);
  if (known === undefined) {
    throw new QschedError('usage', `qsched prompts has no action "${action}".`, suggestion(action, ACTIONS));
  }
  const own: readonly string[] = [...FLAGS_OF[known], 'json', 'debug'];
  const foreign = Object.entries(flags).find(([key, value]) => value !== undefined && !own.includes(key));
  if (foreign !== undefined) {
    throw new QschedError(
      'usage',
      `qsched prompts ${known} has no flag --${foreign[0]}.`,
      'See npx qsched prompts --help.',
    );
  }
  if (known === 'list') return list(flags);
  if (known === 'check') return checkSets(what, flags);
  if (what.length !== 1) {
    throw new QschedError(
      'usage',
      `qsched prompts ${known} takes one ${known === 'import' ? 'file' : 'set or file'}, and got ${what.length}.`,
      `For example: npx qsched prompts ${known} ${known === 'import' ? 'captions.json' : 'my-captions'}`,
    );
  }
  return (known === 'import' ? importSet : splitSet)(what[0]!, flags);
}

/** The sets that there are, the first of each name. */
function list({ json }: GlobalOptions): number {
  const sets = listPromptSets().map((name) => {
    const path = findPromptSet(name);
    try {
      return { name, path, prompts: readSource(name, 'qsched prompts list').prompts.length, problem: null };
    } catch (error) {
      if (!(error instanceof QschedError)) throw error;
      return { name, path, prompts: null, problem: error.message };
    }
  });
  if (json) printJson({ sets });
  else {
    const rows = sets.map(({ name, path, prompts, problem }) => [name, String(prompts ?? '-'), problem ?? path]);
    print(textTable([['set', 'prompts', 'file'], ...rows]));
  }
  return 0;
}
