/**
 * What may be typed next on a command line: commands, flags, their values, arguments.
 */
import type { Command, Option } from 'commander';
import { ARGUMENT_CHOICES, FLAG_CHOICES, type Choices } from './choices.js';

/** A word that fits, and what it is. */
export interface Candidate {
  readonly word: string;
  readonly help: string;
}

/**
 * @param program with all its commands
 * @param words after `qsched`; the last is the one to complete, and may be empty
 * @returns what starts with the last word; nothing where a file or a free text belongs
 */
export function complete(program: Command, words: readonly string[]): readonly Candidate[] {
  const last = words.at(-1) ?? '';
  const before = joined(words.slice(0, -1));
  const [name] = before;
  const command = program.commands.find((one) => one.name() === name);
  return candidates(program, command, before, last).filter(({ word }) => word.startsWith(last));
}

/** Bash makes three words of `--model=shapes`. */
const joined = (words: readonly string[]): readonly string[] => words.filter((word) => word !== '=');

function candidates(
  program: Command,
  command: Command | undefined,
  before: readonly string[],
  last: string,
): readonly Candidate[] {
  if (before.length === 0) {
    const commands = program.createHelp().visibleCommands(program);
    return commands.map((one) => ({ word: one.name(), help: one.description() }));
  }
  if (command === undefined) return [];
  const [, ...rest] = before;
  const flag = optionOf(command, rest.at(-1));
  if (flag !== undefined && takesValue(flag)) return values(flagChoices(command.name(), flag), last);
  const [, own, value] = /^(--[a-z-]+)=(.*)$/.exec(last) ?? [];
  if (own !== undefined) {
    const named = optionOf(command, own);
    return named === undefined ? [] : values(flagChoices(command.name(), named), value!, `${own}=`);
  }
  if (last.startsWith('-')) return flags(command, rest);
  return argument(command, rest, last);
}

const takesValue = (option: Option): boolean => option.required || option.optional;

const optionOf = (command: Command, word: string | undefined): Option | undefined =>
  command.options.find(({ long, short }) => word !== undefined && (long === word || short === word));

function flagChoices(command: string, option: Option): Choices | undefined {
  const key = option.attributeName();
  return FLAG_CHOICES[`${command}.${key}`] ?? FLAG_CHOICES[key];
}

/** Flags that are not there yet; those with a list can be given again. */
function flags(command: Command, rest: readonly string[]): readonly Candidate[] {
  return command.options
    .filter((option) => option.parseArg !== undefined || !rest.includes(option.long ?? ''))
    .map(({ long, description }) => ({ word: long ?? '', help: description }));
}

/** The argument at the place of the last word. */
function argument(command: Command, rest: readonly string[], last: string): readonly Candidate[] {
  const choices = ARGUMENT_CHOICES[command.name()] ?? [];
  const given = rest.filter(
    (word, i) => !word.startsWith('-') && !(i > 0 && takesValueBefore(command, rest[i - 1]!)),
  ).length;
  const repeats = command.registeredArguments.at(-1)?.variadic === true;
  const place = repeats ? Math.min(given, choices.length - 1) : given;
  return values(choices[place], last);
}

function takesValueBefore(command: Command, word: string): boolean {
  const option = optionOf(command, word);
  return option !== undefined && takesValue(option);
}

/** Of a list `a,b` the last part is completed. */
function values(choices: Choices | undefined, last: string, prefix = ''): readonly Candidate[] {
  const begun = `${prefix}${last.slice(0, last.lastIndexOf(',') + 1)}`;
  return (choices?.() ?? []).map((word) => ({ word: `${begun}${word}`, help: '' }));
}
