/**
 * `qsched study NAME`: a table or figure of the paper (paper-study-command.ts), or one of two smaller ones.
 * `qsched study ptqd`: ptqd-study-command.ts.
 * `qsched study overhead`: what coefficients cost in time.
 */
import { measureOverhead } from '../../inference/engine/overhead.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { schedulerOf } from '../../inference/prepare/prepare.js';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { STUDIES } from '../../paper/index.js';
import { readSpec, type SpecFlags } from '../input/spec-input.js';
import { print, printJson, say, table, type GlobalOptions } from '../text/output.js';
import { paperStudyCommand, type PaperStudyFlags } from './paper-study-command.js';
import { ptqdStudy, type PtqdStudyFlags } from './ptqd-study-command.js';
import { stepCount } from '../../contract/step-count.js';

const SMALL = ['ptqd', 'overhead'];
/** Flags of the paper's tables alone. */
const TABLE_FLAGS = ['budget', 'format', 'output'] as const;

/** Flags of every study. */
export interface StudyFlags extends PtqdStudyFlags, Pick<PaperStudyFlags, 'format' | 'output'> {
  readonly repeats?: string;
}

/** @returns the exit code; 130 where Ctrl-C was pressed */
export async function studyCommand(name: string, flags: StudyFlags): Promise<number> {
  if (Object.hasOwn(STUDIES, name)) return paperStudyCommand(name, flags);
  if (!SMALL.includes(name)) {
    throw new QschedError(
      'usage',
      `There is no study "${name}".`,
      suggestion(name, [...Object.keys(STUDIES), ...SMALL]),
    );
  }
  const other = TABLE_FLAGS.find((flag) => flags[flag] !== undefined);
  if (other !== undefined) {
    throw new QschedError(
      'usage',
      `The study ${name} takes no --${other}.`,
      `Leave it out; it belongs to ${Object.keys(STUDIES).join(', ')}.`,
    );
  }
  return name === 'ptqd' ? ptqdStudy(flags) : overheadStudy(flags);
}

async function overheadStudy(flags: StudyFlags & SpecFlags & GlobalOptions): Promise<number> {
  const spec = readSpec(undefined, flags);
  const repeats = Number(flags.repeats ?? 100);
  if (!Number.isInteger(repeats) || repeats < 5 || repeats > 10_000) {
    throw new QschedError(
      'usage',
      `--repeats is ${flags.repeats}: it must be a whole number from 5 to 10000.`,
      'For example 100.',
    );
  }
  const model = openModelFolder(spec.model, spec.precision);
  const scheduler = schedulerOf(model, spec.scheduler);
  const { steps } = spec.scheduler;
  const coefficients = {
    sample: Array.from({ length: steps }, (_, i) => 0.95 + 0.01 * i),
    noise: Array.from({ length: steps }, (_, i) => 1.05 - 0.01 * i),
  };
  say(
    `${spec.model} ${spec.precision}, ${spec.scheduler.type}, ${stepCount(steps)}: ${repeats} interleaved images each, one at a time`,
  );
  const result = await measureOverhead(model, scheduler.fused(), scheduler.fused(coefficients), repeats);
  const about = { model: spec.model, precision: spec.precision, scheduler: spec.scheduler, repeats, ...result };
  if (flags.json) printJson(about);
  else {
    print(
      table([
        ['', 'milliseconds an image (median)'],
        ['without coefficients', result.withoutMilliseconds.toFixed(3)],
        ['with coefficients', result.withMilliseconds.toFixed(3)],
      ]),
    );
    print(
      `\n  ratio ${result.ratio.toFixed(4)} (median of ${repeats} pairs, 95 % interval ${result.low.toFixed(4)} to ${result.high.toFixed(4)})`,
    );
  }
  return 0;
}
