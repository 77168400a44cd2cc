/**
 * `qsched reproduce overhead`: the time that coefficients cost.
 */
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { measureOverhead } from '../../inference/engine/overhead.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { withServers } from '../../inference/served/with-servers.js';
import { stepCount } from '../../contract/step-count.js';
import type { Given } from '../input/flag.js';
import type { REPRODUCE } from '../input/flags.js';
import { readSpec } from '../input/spec-input.js';
import { whole } from '../input/values.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { textTable } from '../text/table-document.js';

const DEFAULT_REPEATS = 100;

/** @returns the exit code */
export async function reproduceOverhead(flags: Given<typeof REPRODUCE> & GlobalOptions): Promise<number> {
  const repeats = whole('--repeats', flags.repeats, 5, 10_000) ?? DEFAULT_REPEATS;
  const { spec } = readSpec(undefined, flags);
  const { model, precision, scheduler: choice } = spec;
  const folder = openModelFolder(model, precision);
  const scheduler = schedulerOf(folder, choice);
  const coefficients = {
    sample: Array.from({ length: choice.steps }, (_, i) => 0.95 + 0.01 * i),
    noise: Array.from({ length: choice.steps }, (_, i) => 1.05 - 0.01 * i),
  };
  say(
    `${model} ${precision}, ${choice.type}, ${stepCount(choice.steps)}: ${repeats} images with and without coefficients, in turns`,
  );
  const result = await withServers(model, { allow: flags.allowServer === true, say }, (servers) =>
    measureOverhead(folder, scheduler.fused(), scheduler.fused(coefficients), repeats, servers),
  );
  if (flags.json) {
    printJson({ model, precision, scheduler: choice, repeats, ...result });
    return 0;
  }
  print(
    textTable([
      ['', 'milliseconds per image (median)'],
      ['without coefficients', result.withoutMilliseconds.toFixed(3)],
      ['with coefficients', result.withMilliseconds.toFixed(3)],
    ]),
  );
  const interval = `95 % interval ${result.low.toFixed(4)} to ${result.high.toFixed(4)}`;
  print(`\n  ratio ${result.ratio.toFixed(4)} (median of ${repeats} pairs, ${interval})`);
  return 0;
}
