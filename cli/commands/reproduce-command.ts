/**
 * `qsched reproduce NAME`: a table or figure of the paper (reproduce-table.ts), `ptqd` (reproduce-ptqd.ts) or `overhead`
 * (reproduce-overhead.ts). `qsched study` is its old name.
 */
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { STUDIES } from '../../paper/index.js';
import { flagName, type Flags, type Given } from '../input/flag.js';
import { COMMON, NETWORK, PTQD, RUN, HELD_OUT, type REPRODUCE } from '../input/flags.js';
import { say, type GlobalOptions } from '../text/output.js';
import { reproduceOverhead } from './reproduce-overhead.js';
import { reproducePtqd } from './reproduce-ptqd.js';
import { reproduceTable } from './reproduce-table.js';

/** Flags of `reproduce`. */
export type ReproduceFlags = Given<typeof REPRODUCE> & GlobalOptions;

const keysOf = (flags: Flags): string[] => Object.keys({ ...flags, ...COMMON });

/** Which flags apply to what. */
const TABLE = ['model', 'precision', 'count', 'budget', 'format', 'output', ...keysOf(RUN)];
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  ptqd: [...keysOf({ ...PTQD, ...HELD_OUT }), 'schedule'],
  overhead: [...keysOf(NETWORK), 'repeats', 'allowServer'],
};

/** @returns the exit code; 130 after Ctrl-C */
export async function reproduceCommand(name: string, flags: ReproduceFlags): Promise<number> {
  const known = [...Object.keys(STUDIES), ...Object.keys(OTHERS)];
  if (!known.includes(name)) {
    throw new QschedError('usage', `There is no study "${name}".`, suggestion(name, known));
  }
  const allowed = OTHERS[name] ?? TABLE;
  const other = Object.keys(flags).find((key) => !allowed.includes(key));
  if (other !== undefined) {
    throw new QschedError(
      'usage',
      `The study ${name} does not take ${flagName(other)}.`,
      suggestion(flagName(other), allowed.map(flagName)),
    );
  }
  if (name === 'ptqd') return reproducePtqd(flags);
  return name === 'overhead' ? reproduceOverhead(flags) : reproduceTable(name, flags);
}

/** The command's old name. */
export function studyCommand(name: string, flags: ReproduceFlags): Promise<number> {
  say(`\`qsched study\` is now \`qsched reproduce\`; the old name will be removed in the next release`);
  return reproduceCommand(name, flags);
}
