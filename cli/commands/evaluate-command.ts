/**
 * `qsched evaluate`: schedules x models x precisions on one prompt set, as a table with intervals.
 */
import { extname } from 'node:path';
import type { EvaluateResult } from '../../contract/evaluate-spec.js';
import { runEvaluate } from '../follow/follow-evaluate.js';
import { servingOf } from '../host/serving.js';
import { checkEvaluation, checkReferences } from '../input/check-here.js';
import { readEvaluateSpec } from '../input/evaluate-input.js';
import type { Given } from '../input/flag.js';
import type { EVALUATE } from '../input/flags.js';
import { scorerNames } from '../input/scorer-names.js';
import { evaluateTable } from '../text/evaluate-table.js';
import { evaluatedOn, imageCounts } from '../text/evaluated-on.js';
import { usesK } from '../../report/text/objective-text.js';
import { print, printJson, say, writeResult, type GlobalOptions } from '../text/output.js';
import { varies } from '../text/row-columns.js';
import { tableFormat } from '../text/table-document.js';

/** Runs an evaluation to its table. @returns the exit code */
export async function evaluateCommand(
  file: string | undefined,
  flags: Given<typeof EVALUATE> & GlobalOptions,
): Promise<number> {
  const { output } = flags;
  const format = tableFormat(flags.format ?? { '.md': 'markdown', '.csv': 'csv' }[extname(output ?? '')]);
  const { spec, input, notes, places } = readEvaluateSpec(file, flags);
  const serving = servingOf(flags);
  places.named(() => {
    checkEvaluation(spec);
    checkReferences(spec);
  });
  for (const note of notes) say(`note: ${note}`);
  const outcome = await runEvaluate(spec, { input, serving, wait: flags.wait ?? false });
  if (outcome === null) return 130;
  const { result, host } = outcome;
  for (const warning of result.warnings) say(`warning: ${warning}`);
  const { rows } = result;
  const gains = rows.flatMap((row) => row.gains);
  // The same role may be another scorer for another model.
  const nameOf = varies(rows, ({ model }) => model) ? undefined : scorerNames(rows[0]!.model, gains);
  const text = evaluateTable(rows, format, nameOf);
  if (output !== undefined) writeResult(output, extname(output) === '.json' ? JSON.stringify(result, null, 2) : text);
  if (flags.json) printJson({ ...result, database: host.database });
  else if (output === undefined) print(format === 'table' ? `${text}\n\n${footOf(result)}` : text);
  return 0;
}

/** What the numbers of the table are. */
function footOf(result: EvaluateResult): string {
  const { rows, objective } = result;
  const k = usesK(objective.type) ? `, k ${objective.k}` : '';
  return [
    `  ${evaluatedOn(result)}; objective ${objective.type}${k}; 95 % intervals, clustered by prompt`,
    ...(rows.some(({ gains }) => gains.length > 0)
      ? [
          '  gain: over the baseline of the same network and scheduler; the wider of the percentile and the studentised interval',
        ]
      : []),
    `  ${imageCounts(result)}`,
  ].join('\n');
}
