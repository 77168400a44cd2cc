/**
 * `qsched evaluate`: schedules x models x precisions on one prompt set, as a table with intervals.
 */
import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { checkEvaluateFiles } from '../../inference/prepare/prepare-evaluate.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import type { EvaluateResult } from '../../contract/evaluate-spec.js';
import { checkReferences } from '../input/check-references.js';
import { readEvaluateSpec, type EvaluateSpecFlags } from '../input/evaluate-input.js';
import { evaluateTable } from '../text/evaluate-table.js';
import { runEvaluate } from '../follow/follow-evaluate.js';
import { workersOf } from '../input/workers.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { tableFormat } from '../text/study-table.js';

/** Flags of `evaluate`. */
export interface EvaluateFlags extends EvaluateSpecFlags, GlobalOptions {
  readonly format?: string;
  readonly output?: string;
  readonly workers?: string;
  readonly wait?: boolean;
}

/** Runs an evaluation to its table. @returns the exit code */
export async function evaluateCommand(file: string | undefined, flags: EvaluateFlags): Promise<number> {
  const format = tableFormat(flags.format ?? { '.md': 'markdown', '.csv': 'csv' }[extname(flags.output ?? '')]);
  const { spec, notes } = readEvaluateSpec(file, flags);
  const workers = workersOf(flags.workers);
  checkEvaluateFiles(spec);
  checkReferences(spec);
  for (const note of notes) say(`note: ${note}`);
  const outcome = await runEvaluate(spec, { workers, wait: flags.wait ?? false });
  if (outcome === null) return 130;
  const { result, host } = outcome;
  for (const warning of result.warnings) say(`warning: ${warning}`);
  if (flags.output !== undefined) {
    writeTable(
      flags.output,
      extname(flags.output) === '.json' ? JSON.stringify(result, null, 2) : evaluateTable(result.rows, format),
    );
  }
  if (flags.json) printJson({ ...result, database: host.database });
  else if (flags.output === undefined) {
    print(`${evaluateTable(result.rows, format)}${format === 'table' ? `\n\n${footOf(result)}` : ''}`);
  }
  return 0;
}

function writeTable(path: string, text: string): void {
  try {
    writeFileSync(path, `${text}\n`);
  } catch (error) {
    throw new QschedError(
      'failure',
      `${path} cannot be written: ${messageOf(error)}`,
      'Choose another path with --output. The images are kept: the same command writes the table at once.',
    );
  }
  say(`wrote ${path}`);
}

/** What the numbers of the table are. */
function footOf({ rows, prompts, objective, drawn, reused, seconds }: EvaluateResult): string {
  return [
    `  ${prompts.count} prompts of ${prompts.set ?? 'your own'}, seeds ${prompts.seeds.join(', ')}; objective ${objective.type}, k ${objective.k}; intervals of 95 %, clustered by prompt`,
    ...(rows.some(({ gains }) => gains.length > 0)
      ? [
          '  gain: over the identity of the same network and scheduler; the wider of the percentile and the studentised interval',
        ]
      : []),
    `  ${drawn} images drawn, ${reused} found in the whole evaluation; ${seconds.toFixed(1)} s`,
  ].join('\n');
}
