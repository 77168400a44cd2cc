/**
 * `qsched prompts check SETS`: what is wrong with prompt sets, and what they share.
 */
import { QschedError } from '../../contract/errors.js';
import { listPrecisions, type ModelFolder, openModelFolder, referenceOf } from '../../inference/models/model-folder.js';
import { findModel } from '../../inference/models/model-roots.js';
import { modelTokenizers, type TextReader } from '../../inference/models/model-tokenizers.js';
import { checkPrompts, type PromptFindings, type SetFindings } from '../../inference/prompts/check-prompts.js';
import { shortened } from '../../inference/prompts/refuse-twice.js';
import { plainModel } from '../input/model-path.js';
import { readSource, type PromptsFlags } from '../input/prompt-source.js';
import { print, printJson, say } from '../text/output.js';
import { textTable } from '../text/table-document.js';

/** Overlaps that are shown in full. */
const SHOWN = 5;

/** @returns the exit code: 1 if a set has empty prompts or duplicates, or two sets overlap */
export function checkSets(names: readonly string[], flags: PromptsFlags): number {
  if (names.length === 0) {
    throw new QschedError(
      'usage',
      'qsched prompts check needs a set or a file.',
      'For example: npx qsched prompts check general-calibration general-heldout',
    );
  }
  const sets = [...new Set(names)].map((name) => ({
    name,
    texts: readSource(name, 'qsched prompts check').prompts.map(({ text }) => text),
  }));
  const readers = flags.model === undefined ? [] : readersOf(plainModel(flags.model));
  const found = checkPrompts(sets, readers);
  if (flags.json) printJson({ ...found, tokenizers: readers.map(({ name, length }) => ({ name, length })) });
  else show(found, readers);
  const wrong = found.sets.some(({ empty, duplicates }) => empty.length + duplicates.length > 0);
  return wrong || found.overlaps.length > 0 ? 1 : 0;
}

/** How a model reads texts: not known here of one behind a server. */
function readersOf(model: string): readonly TextReader[] {
  const folder = anyPrecision(model);
  if (folder.served?.readsText === true) {
    say(`${model} is behind a server, which has its tokenizers: lengths in tokens are not shown`);
  }
  return modelTokenizers(folder);
}

/** A model at whichever precision it has: its tokenizers are those of all. */
function anyPrecision(model: string): ModelFolder {
  const precisions = listPrecisions(findModel(model));
  return openModelFolder(model, referenceOf(precisions) ?? precisions[0]!);
}

function show({ sets, overlaps }: PromptFindings, readers: readonly TextReader[]): void {
  const heads = ['set', 'prompts', 'words', 'empty', 'duplicates', 'control characters', 'not NFC'];
  const cut = readers.map(({ name, length }) => `over ${length} tokens (${name})`);
  print(textTable([[...heads, ...cut], ...sets.map((set) => cells(set, readers))]));
  for (const { name, empty, duplicates, control } of sets) {
    if (empty.length > 0) print(`${name}: empty prompts: ${first(empty)}`);
    if (control.length > 0) print(`${name}: prompts with control characters: ${first(control)}`);
    for (const [one, other] of duplicates.slice(0, SHOWN)) print(`${name}: prompts ${one} and ${other} are one prompt`);
  }
  if (sets.length > 1) {
    print(overlaps.length === 0 ? 'no prompt is in two of them' : `prompts that two of them have: ${overlaps.length}`);
  }
  for (const { sets: names, positions, text } of overlaps.slice(0, SHOWN)) {
    print(`  ${names[0]} ${positions[0]} and ${names[1]} ${positions[1]}: "${shortened(text)}"`);
  }
  if (overlaps.length > SHOWN) print(`  and ${overlaps.length - SHOWN} more; all of them: --json`);
}

const cells = (set: SetFindings, readers: readonly TextReader[]): string[] => [
  set.name,
  String(set.prompts),
  `${set.words.min} to ${set.words.max}, mean ${set.words.mean.toFixed(1)}`,
  ...[set.empty, set.duplicates, set.control, set.notComposed].map((list) => String(list.length)),
  ...readers.map(({ name }) => String(set.cut[name]!.length)),
];

/** Up to five positions. */
function first(positions: readonly number[]): string {
  const more = positions.length > SHOWN ? ` and ${positions.length - SHOWN} more` : '';
  return `${positions.slice(0, SHOWN).join(', ')}${more}`;
}
