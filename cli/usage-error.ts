/**
 * Wrong words on the command line, as errors with suggestions.
 */
import type { Command, CommanderError } from 'commander';
import { QschedError } from '../contract/errors.js';
import { suggestion } from '../contract/suggestion.js';

/** The parser's error as one of ours. */
export function asUsageError(error: CommanderError, program: Command, argv: readonly string[]): QschedError {
  const word = /'(-{0,2}[^'=]+)/.exec(error.message)?.[1] ?? '';
  const [name = ''] = argv;
  const command = program.commands.find((one) => one.name() === name);
  if (error.code === 'commander.unknownOption') {
    const known = (command ?? program).options.map((option) => option.long ?? '');
    return new QschedError('usage', `Unknown option ${word}.`, suggestion(word, [...known, '--help']));
  }
  if (error.code === 'commander.unknownCommand' || (error.code === 'commander.excessArguments' && !command)) {
    const known = program
      .createHelp()
      .visibleCommands(program)
      .map((one) => one.name());
    return new QschedError('usage', `Unknown command "${name}".`, suggestion(name, known));
  }
  const help = ['npx qsched', ...(command ? [command.name()] : []), '--help'].join(' ');
  return new QschedError('usage', error.message.replace(/^error: /, ''), `See ${help}.`);
}
