/**
 * `qsched reproduce table-1` and the like: a table or figure of the paper with one model.
 */
import { existsSync } from 'node:fs';
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
import { readPromptSet } from '../../inference/prompts/prompt-sets.js';
import { openScorerFolder } from '../../inference/scorers/scorer-folder.js';
import { QschedError } from '../../contract/errors.js';
import { EvaluateSpec } from '../../contract/evaluate-spec.js';
import type { StudyInput, StudyOptionsInput, StudyResult } from '../../contract/study-spec.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { planStudy } from '../../paper/index.js';
import type { StudyPlan } from '../../paper/study-plan.js';
import { OPTIONAL_SCORERS } from '../../paper/table-a10.js';
import { runStudy } from '../follow/follow-reproduce.js';
import { servingOf } from '../host/serving.js';
import { checkSearch } from '../input/check-here.js';
import type { Given } from '../input/flag.js';
import type { REPRODUCE } from '../input/flags.js';
import { whole } from '../input/values.js';
import { usesK } from '../../report/text/objective-text.js';
import { print, printJson, say, writeResult, type GlobalOptions } from '../text/output.js';
import { studyTable } from '../text/study-table.js';
import { tableFormat, type TableFormat } from '../text/table-document.js';

type TableFlags = Given<typeof REPRODUCE> & GlobalOptions;

/** Samplers of the paper's tables, then those of models that were trained differently. */
const SAMPLERS = ['tcd', 'lcm', 'flow-match-euler', 'consistency'] as const;

/** @returns the exit code */
export async function reproduceTable(name: string, flags: TableFlags): Promise<number> {
  const format = tableFormat(flags.format);
  const serving = servingOf(flags);
  const { input, plan, model } = studyInput(name, flags);
  checkPlan(plan);
  for (const note of plan.notes) say(`note: ${note}`);
  if (flags.budget !== undefined && plan.searches.length === 0) {
    say(`note: --budget has no effect, because ${name} has no search.`);
  }
  const outcome = await runStudy({ input, plan, models: [model], serving, wait: flags.wait ?? false });
  if (outcome === null) return 130;
  write(outcome.result, flags, format);
  return 0;
}

/** What the workflow is started with: what was asked for, and what the files of this machine allow. */
function studyInput(
  name: string,
  flags: TableFlags,
): { readonly input: StudyInput; readonly plan: StudyPlan; readonly model: string } {
  const model = flags.model ?? 'shapes';
  const folder = openModelFolder(model, flags.precision ?? 'w4a8');
  const count = whole('--count', flags.count, 2, 100_000);
  const budget = whole('--budget', flags.budget, 1, 10_000);
  const options: StudyOptionsInput = {
    model,
    precision: folder.precision,
    precisions: precisionsOf(folder),
    schedulers: SAMPLERS.filter((type) => works(() => createScheduler(configFor(type, folder.schedulerConfig)))),
    installed: OPTIONAL_SCORERS.filter((scorer) => works(() => openScorerFolder(scorer, folder))),
    sets: promptSets(folder),
    ...(count === undefined ? {} : { count }),
    ...(budget === undefined ? {} : { budget }),
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

function works(body: () => unknown): boolean {
  try {
    body();
    return true;
  } catch {
    return false;
  }
}

/** The prompt sets that the model's qsched.json names. */
function promptSets({ folder }: ModelFolder): NonNullable<StudyOptionsInput['sets']> {
  if (!existsSync(join(folder, 'qsched.json'))) return {};
  const { prompts } = readJson(folder, 'qsched.json') as { prompts?: Record<string, string> | null };
  return Object.fromEntries(
    ['calibration', 'select', 'heldout', 'eval'].flatMap((split) =>
      prompts?.[split] === undefined ? [] : [[split, prompts[split]]],
    ),
  );
}

/** Checks the plan with the files of this machine, before anything is started. @throws QschedError (usage) */
function checkPlan({ searches, evaluate }: StudyPlan): void {
  for (const { spec } of searches) checkSearch(parseSearchSpec(spec));
  const {
    prompts: { set, count },
  } = EvaluateSpec.pick({ prompts: true }).parse({ prompts: evaluate.prompts });
  const { length } = readPromptSet(set);
  if (count > length) {
    throw new QschedError(
      'usage',
      `--count is ${count}, but the prompt set "${set}" contains ${length} prompts.`,
      `Use --count ${length} or less.`,
    );
  }
}

function write(result: StudyResult, { json, output }: TableFlags, format: TableFormat): void {
  if (output !== undefined) writeResult(output, json ? JSON.stringify(result, null, 2) : studyTable(result, format));
  else if (json) printJson(result);
  else print(format === 'csv' ? studyTable(result, format) : `${studyTable(result, format)}\n\n${footOf(result)}`);
}

/** What the numbers of the table are. */
function footOf({ title, prompts, objective, notes, seconds }: StudyResult): string {
  const k = usesK(objective.type) ? `, k = ${objective.k}` : '';
  const set = prompts.set === null ? '' : ` of ${prompts.set}`;
  return [
    title,
    `${prompts.count} prompts${set}; objective ${objective.type}${k}; gain over the baseline ("Original") of the same network, paired by prompt; 95 % intervals.`,
    ...notes.map((note) => `- ${note}`),
    `${seconds.toFixed(0)} s`,
  ].join('\n');
}
