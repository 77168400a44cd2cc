#!/usr/bin/env node
/**
 * The command line: parses it, runs one command, and turns what it throws into an exit code.
 */
import { Command, CommanderError } from 'commander';
import { RELEASE } from '../contract/release.js';
import { addCommands } from './commands.js';
import { EXIT_CODES } from './help/examples.js';
import { report } from './text/output.js';
import { asUsageError } from './usage-error.js';

let exitCode = 0;
const program = new Command('qsched')
  .description('Searches for scheduler coefficients that recover the image quality of quantised few-step models.')
  .version(RELEASE)
  .exitOverride()
  .configureOutput({ writeErr: () => undefined })
  .showSuggestionAfterError(false)
  .addHelpText('after', EXIT_CODES);
addCommands(program, (code) => {
  exitCode = code;
});

const argv = process.argv.slice(2);
try {
  if (argv.length === 0) program.outputHelp();
  else await program.parseAsync(argv, { from: 'user' });
} catch (error) {
  const help = error instanceof CommanderError && error.exitCode === 0;
  if (!help) {
    exitCode = report(error instanceof CommanderError ? asUsageError(error, program, argv) : error, {
      json: argv.includes('--json'),
      debug: argv.includes('--debug'),
    });
  }
}
// Results must be written before the process ends; native threads must not keep it alive.
process.stdout.write('', () => process.exit(exitCode));
