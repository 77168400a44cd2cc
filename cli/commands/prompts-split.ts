/**
 * `qsched prompts split SET`: disjoint calibration, selection and held-out sets out of one, each with every category in
 * proportion.
 */
import { basename, extname } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { distinctPrompts } from '../../inference/prompts/distinct-prompts.js';
import { interleaved } from '../../inference/prompts/seeded-order.js';
import { refuseTakenName, writePromptSet } from '../../inference/prompts/write-prompt-set.js';
import { isPath, readSource, type PromptsFlags } from '../input/prompt-source.js';
import { whole } from '../input/values.js';
import { print, printJson } from '../text/output.js';

/** How `search` takes each set, and how many prompts of it by default. */
const USES = [
  { set: '--prompts', flag: '--count', usual: 20 },
  { set: '--select-prompts', flag: '--select-count', usual: 64 },
  { set: '--confirm-prompts', flag: '--confirm-count', usual: 128 },
];

/** A verdict needs at least two held-out prompts: an interval needs a spread. */
const LEAST_HELD_OUT = 2;

/** @returns the exit code @throws QschedError (usage) for too few prompts, or names that are taken */
export function splitSet(what: string, flags: PromptsFlags): number {
  const base = flags.name ?? (isPath(what) ? basename(what, extname(what)) : what);
  const names = ['calibration', 'select', 'heldout'].map((part) => `${base}-${part}`);
  names.forEach(refuseTakenName);
  const seed = whole('--seed', flags.seed, 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const calibration = whole('--calibration', flags.calibration, 1, 10_000) ?? 64;
  const select = whole('--select', flags.select, 1, 10_000) ?? 128;
  const file = readSource(what, 'qsched prompts split');
  const { prompts } = distinctPrompts(file.prompts);
  const left = prompts.length - calibration - select;
  const heldout = whole('--heldout', flags.heldout, LEAST_HELD_OUT, 1_000_000) ?? left;
  if (left < Math.max(heldout, LEAST_HELD_OUT)) {
    const least = Math.max(Number(flags.heldout ?? LEAST_HELD_OUT), LEAST_HELD_OUT);
    throw new QschedError(
      'usage',
      `${what} has ${prompts.length} different prompts, but ${calibration} to calibrate, ${select} to select and ` +
        `${least} or more held out are ${calibration + select + least}.`,
      'Use smaller numbers, for example --calibration 20 --select 20; a verdict needs at least 20 held-out prompts.',
    );
  }
  const order = interleaved(prompts, ({ category }) => category ?? '', seed);
  const ends = [0, calibration, calibration + select, calibration + select + heldout];
  const sets = names.map((name, i) => {
    const part = order.slice(ends[i], ends[i + 1]);
    const path = writePromptSet({ name, source: `${what}, seed ${seed}`, license: file.license, prompts: part });
    return { name, path, prompts: part.length };
  });
  if (flags.json) {
    printJson({ source: what, seed, sets });
    return 0;
  }
  for (const { name, path, prompts: count } of sets) print(`wrote ${name} (${count} prompts): ${path}`);
  const chosen = sets.map(({ name, prompts: count }, i) => {
    const { set, flag, usual } = USES[i]!;
    return `${set} ${name}${count < usual ? ` ${flag} ${count}` : ''}`;
  });
  print(`  use them: npx qsched search --model MODEL ${chosen.join(' ')}`);
  return 0;
}
