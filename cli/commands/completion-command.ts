/**
 * `qsched completion SHELL`: the completion script of a shell. `complete-line` is what the scripts call.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { complete } from '../completion/complete.js';
import { completionScript, SHELLS } from '../completion/scripts.js';
import { oneOf } from '../input/values.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';

/** @returns the exit code @throws QschedError (usage) for another shell */
export function completionCommand(shell: string, { json }: GlobalOptions): number {
  const known = oneOf('The shell', shell, SHELLS);
  const script = completionScript(known, [process.execPath, resolve(process.argv[1]!)]);
  if (json) printJson({ shell: known, script });
  else print(script.trimEnd());
  return 0;
}

/** Prints what may be typed next, one word with its help per line. @returns 0 */
export function completeLine(program: Command, words: readonly string[]): number {
  const found = complete(program, words);
  if (found.length > 0) print(found.map(({ word, help }) => `${word}\t${help}`).join('\n'));
  return 0;
}
