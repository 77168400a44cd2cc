/**
 * `qsched study table-1` and its like: a table or figure of the paper on one model, as one command.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createScheduler } from '../../diffusion/scheduler.js';
import { configFor } from '../../diffusion/other-sampler.js';
import {
  listPrecisions,
  openModelFolder,
  readJson,
  REFERENCE_PRECISION,
  type ModelFolder,
} from '../../inference/models/model-folder.js';
import { checkFiles } from '../../inference/prepare/prepare.js';
import { readPromptSet } from '../../inference/prompts/prompt-sets.js';
import { openScorerFolder } from '../../inference/scorers/scorer-folder.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { EvaluateSpec } from '../../contract/evaluate-spec.js';
import type { StudyInput, StudyOptionsInput, StudyResult } from '../../contract/study-spec.js';
import { suggestion } from '../../contract/suggestion.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { planStudy } from '../../paper/index.js';
import type { StudyPlan } from '../../paper/study-plan.js';
import { OPTIONAL_SCORERS } from '../../paper/table-a10.js';
import { runStudy } from '../follow/follow-study.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { studyTable, tableFormat } from '../text/study-table.js';

/** Flags of a study of the paper. */
export interface PaperStudyFlags extends GlobalOptions {
  readonly model?: string;
  readonly precision?: string;
  readonly count?: string;
  readonly budget?: string;
  readonly format?: string;
  readonly output?: string;
  readonly wait?: boolean;
}

const FLAGS = ['model', 'precision', 'count', 'budget', 'format', 'output', 'wait', 'json', 'debug'];
/** Samplers of the paper's tables, then those of models that were trained otherwise. */
const SAMPLERS = ['tcd', 'lcm', 'flow-match-euler', 'consistency'] as const;

/** @returns the exit code */
export async function paperStudyCommand(name: string, flags: PaperStudyFlags): Promise<number> {
  refuseOtherFlags(name, flags);
  const format = tableFormat(flags.format);
  const { input, plan, model } = studyInput(name, flags);
  checkPlan(plan);
  for (const note of plan.notes) say(`note: ${note}`);
  if (flags.budget !== undefined && plan.searches.length === 0) {
    say(`note: ${name} has no search: --budget changes nothing.`);
  }
  const outcome = await runStudy({ input, plan, models: [model], wait: flags.wait ?? false });
  if (outcome === null) return 130;
  write(outcome.result, flags, format);
  return 0;
}

/** A flag that means nothing to a study must not pass for one that does. */
function refuseOtherFlags(name: string, flags: PaperStudyFlags): void {
  const other = Object.keys(flags).find((flag) => !FLAGS.includes(flag));
  if (other === undefined) return;
  const flag = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new QschedError(
    'usage',
    `The study ${name} takes no --${flag}: what it compares is its own.`,
    suggestion(
      flag,
      FLAGS.map((one) => `--${one}`),
    ),
  );
}

/** What the workflow is started with: what was asked for, and what this machine's files allow. */
export function studyInput(
  name: string,
  flags: PaperStudyFlags,
): { readonly input: StudyInput; readonly plan: StudyPlan; readonly model: string } {
  const model = flags.model ?? 'shapes';
  const folder = openModelFolder(model, flags.precision ?? 'w4a8');
  const options: StudyOptionsInput = {
    model,
    precision: folder.precision,
    precisions: precisionsOf(folder),
    schedulers: SAMPLERS.filter((type) => allows(folder, type)),
    installed: OPTIONAL_SCORERS.filter((scorer) => isInstalled(scorer, folder)),
    sets: promptSets(folder),
    ...whole('count', flags.count),
    ...whole('budget', flags.budget),
  };
  const input = { name, options };
  return { input, plan: planStudy(input).plan, model };
}

/** Full precision first, then from wide to narrow. */
function precisionsOf({ folder }: ModelFolder): string[] {
  const [full, other] = [true, false].map((isFull) =>
    listPrecisions(folder).filter((one) => (one === REFERENCE_PRECISION) === isFull),
  );
  return [...full!, ...other!.sort().reverse()];
}

function allows({ schedulerConfig }: ModelFolder, type: string): boolean {
  try {
    createScheduler(configFor(type, schedulerConfig));
    return true;
  } catch {
    return false;
  }
}

function isInstalled(scorer: string, folder: ModelFolder): boolean {
  try {
    openScorerFolder(scorer, folder);
    return true;
  } catch {
    return false;
  }
}

/** The splits that the model's qsched.json names; the bundled ones otherwise. */
function promptSets({ folder }: ModelFolder): NonNullable<StudyOptionsInput['sets']> {
  if (!existsSync(join(folder, 'qsched.json'))) return {};
  const { prompts } = readJson(folder, 'qsched.json') as { prompts?: Record<string, string> | null };
  return Object.fromEntries(
    ['calibration', 'select', 'heldout', 'eval'].flatMap((split) =>
      prompts?.[split] === undefined ? [] : [[split, prompts[split]]],
    ),
  );
}

const LEAST = { count: 2, budget: 1 };
const MOST = { count: 100_000, budget: 10_000 };

function whole(flag: 'count' | 'budget', value: string | undefined): { [name in 'count' | 'budget']?: number } {
  if (value === undefined) return {};
  const read = Number(value);
  if (value.trim() === '' || !Number.isInteger(read) || read < LEAST[flag] || read > MOST[flag]) {
    throw new QschedError(
      'usage',
      `--${flag} is "${value}": it must be a whole number from ${LEAST[flag]} to ${MOST[flag]}.`,
      'For example 100.',
    );
  }
  return { [flag]: read };
}

/** Everything of the plan that this machine's files can show, before anything is started. */
function checkPlan({ searches, evaluate }: StudyPlan): void {
  for (const { spec } of searches) checkFiles(parseSearchSpec(spec));
  const {
    prompts: { set, count },
  } = EvaluateSpec.pick({ prompts: true }).parse({ prompts: evaluate.prompts });
  const { length } = readPromptSet(set);
  if (count > length) {
    throw new QschedError(
      'usage',
      `--count is ${count}, but the prompt set "${set}" holds ${length} prompts.`,
      `Give --count ${length} or less.`,
    );
  }
}

function write(result: StudyResult, flags: PaperStudyFlags, format: ReturnType<typeof tableFormat>): void {
  const json = flags.json ?? false;
  const text = json ? `${JSON.stringify(result, null, 2)}` : studyTable(result, format);
  if (flags.output !== undefined) {
    try {
      writeFileSync(flags.output, `${text}\n`);
    } catch (error) {
      throw new QschedError(
        'failure',
        `The table cannot be written to ${flags.output}: ${messageOf(error)}`,
        'Give another --output; the same command is quick now.',
      );
    }
    say(`written to ${flags.output}`);
    return;
  }
  if (json) {
    printJson(result);
    return;
  }
  print(text);
  if (format === 'csv') return;
  const { k } = result.objective;
  print(`\n${result.title}`);
  print(
    `${result.prompts.count} prompts of ${result.prompts.set ?? 'the spec'}; objective ${result.objective.type}${result.objective.type.startsWith('jaq') ? `, k = ${k}` : ''}; gain over the Original of the same network, paired by prompt; intervals of 95 %.`,
  );
  for (const note of result.notes) print(`- ${note}`);
  print(`${result.seconds.toFixed(0)} s`);
}
