/**
 * `qsched prompts import FILE`: a file of a known format becomes a prompt set.
 */
import { basename, extname } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { distinctPrompts } from '../../inference/prompts/distinct-prompts.js';
import { readPromptFile } from '../../inference/prompts/prompt-file.js';
import { FORMATS, PROMPT_FORMATS } from '../../inference/prompts/prompt-formats.js';
import { sampled } from '../../inference/prompts/seeded-order.js';
import { refuseTakenName, writePromptSet } from '../../inference/prompts/write-prompt-set.js';
import { readBytes, type PromptsFlags } from '../input/prompt-source.js';
import { oneOf, whole } from '../input/values.js';
import { print, printJson } from '../text/output.js';

/** @returns the exit code @throws QschedError (usage) */
export function importSet(path: string, flags: PromptsFlags): number {
  const name = flags.name ?? plainName(path);
  refuseTakenName(name);
  const wanted = flags.format === undefined ? undefined : oneOf('--format', flags.format, PROMPT_FORMATS);
  const count = whole('--count', flags.count, 1, 1_000_000);
  const seed = whole('--seed', flags.seed, 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const file = readPromptFile(readBytes(path, 'qsched prompts import'), path, wanted);
  const { prompts: all, empty, duplicates } = distinctPrompts(file.prompts);
  if (all.length < (count ?? 1)) {
    throw new QschedError(
      'usage',
      all.length === 0 ? `${path} holds no prompts.` : `--count is ${count}, but ${path} holds ${all.length} prompts.`,
      all.length === 0
        ? 'See docs/prompts.md for the formats.'
        : `Use --count ${all.length} or less, or omit it for all.`,
    );
  }
  const prompts = count === undefined ? all : sampled(all, count, seed);
  const license = flags.license ?? file.license;
  const source = basename(path);
  const written = writePromptSet({ name, source, license, prompts });
  const read = file.prompts.length;
  if (flags.json) {
    printJson({ name, path: written, format: file.format, read, empty, duplicates, prompts: prompts.length, license });
    return 0;
  }
  const sample = count === undefined ? '' : `; a sample of ${count}, seed ${seed}`;
  print(`${path}: ${FORMATS[file.format].title}`);
  print(`  ${read} prompts read; ${empty} empty and ${duplicates} duplicates left out${sample}`);
  print(`wrote the prompt set ${name} (${prompts.length} prompts): ${written}`);
  print(`  calibration, selection and held-out sets of it: npx qsched prompts split ${name}`);
  return 0;
}

/** The file's name without its end, with "-" for what a set's name cannot have. */
const plainName = (path: string): string =>
  basename(path, extname(path))
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
