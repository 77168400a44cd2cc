/**
 * A command of the program: its arguments, flags, help with examples, and what it runs.
 */
import { Option, type Command } from 'commander';
import { flagName, type Flag, type Flags } from '../input/flag.js';
import { COMMON } from '../input/flags.js';
import { examplesText } from './examples.js';

/** Runs a command with its arguments and flags. @returns the exit code */
type Run = (...args: never[]) => number | Promise<number>;

/** A command. */
export interface CommandEntry {
  /** Its name and arguments, for example `search [spec]`. */
  readonly usage: string;
  readonly help: string;
  readonly flags: Flags;
  /** Loads what it runs. @param program with all commands */
  readonly load: (program: Command) => Promise<Run>;
  /** Whether the help omits it. */
  readonly hidden?: boolean;
}

/** Adds a command to the program. @param ended receives the exit code */
export function addCommand(
  program: Command,
  { usage, help, flags: own, load, hidden = false }: CommandEntry,
  ended: (exitCode: number) => void,
): void {
  const command = program.command(usage, { hidden }).description(help);
  for (const [key, flag] of Object.entries({ ...own, ...COMMON })) command.addOption(optionOf(key, flag));
  command.addHelpText('after', examplesText(command.name()));
  command.action(async (...given: readonly unknown[]) => {
    await namePlainly(given.at(-2) as { model?: string | readonly string[] });
    const run = (await load(program)) as (...args: readonly unknown[]) => number | Promise<number>;
    ended(await run(...given.slice(0, -1))); // without Commander's own object
  });
}

/** Replaces models that --model gives by their paths with their names. */
async function namePlainly(given: { model?: string | readonly string[] }): Promise<void> {
  const { model } = given;
  if (model === undefined) return;
  const { plainModel } = await import('../input/model-path.js');
  given.model =
    typeof model === 'string'
      ? model
          .split(',')
          .map((one) => plainModel(one.trim()))
          .join(',')
      : model.map((one) => plainModel(one));
}

function optionOf(key: string, { value, help, alias, repeatable }: Flag): Option {
  const names = [...(alias === undefined ? [] : [alias]), flagName(key)].join(', ');
  const option = new Option(value === undefined ? names : `${names} ${value}`, help);
  option.negate = false; // `--no-live` is the flag `noLive`, and no opposite of another one
  return repeatable
    ? option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), ...text.split(',')])
    : option;
}
