#!/usr/bin/env node
/**
 * The command line: parses, calls one command, turns what was thrown into an exit code. A command's
 * modules are loaded when it runs: what only reads the database does not wait for ONNX Runtime.
 */
import { Command, CommanderError } from 'commander';
import { QschedError } from '../contract/errors.js';
import { suggestion } from '../contract/suggestion.js';
import { report, type GlobalOptions } from './text/output.js';

const program = new Command('qsched');
let exitCode = 0;
const run =
  <A extends unknown[]>(command: (...args: A) => number | Promise<number>) =>
  async (...args: A): Promise<void> => {
    exitCode = await command(...args);
  };

program
  .description('Finds the scheduler coefficients that give a quantised few-step text-to-image model its quality back.')
  .version('0.1.0')
  .exitOverride()
  .configureOutput({ writeErr: () => undefined })
  .showSuggestionAfterError(false);

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--json', 'one JSON document on stdout')
    .option('--debug', 'show stack traces');
}

const models = (value: string, list: string[] | undefined): string[] => [...(list ?? []), ...value.split(',')];

command('up', 'start or join a Temporal server, serve all queues, stay')
  .option('--model <name>', 'serve this model (repeatable; default: all)', models)
  .option('--workers <n>', 'scoring processes (default: one per core for small models, else 1)')
  .action(run(async (flags) => (await import('./commands/up-command.js')).upCommand(flags)));

command('worker', 'serve the scoring queues of a server that runs')
  .option('--model <name>', 'serve this model (repeatable; default: all)', models)
  .option('--batch <n>', 'rows of every network call (default 20); part of the numeric class')
  .option('--threads <n>', 'threads of ONNX Runtime')
  .option('--provider <name>', 'execution provider: cpu, webgpu, cuda, ... (default cpu)')
  .action(run(async (flags) => (await import('./commands/up-command.js')).workerCommand(flags)));

command('search [spec]', 'search the coefficients of a model, to a verdict')
  .option('--model <name>', 'a folder under the model roots')
  .option('--precision <name>', 'w4a8, w8a8, fp32, ...')
  .option('--scheduler <name>', 'tcd (default), lcm, ddim, euler, euler-ancestral, flow-match-euler or consistency')
  .option('--spacing <name>', 'leading, trailing or linspace (ddim, euler, euler-ancestral)')
  .option('--steps <n>', 'steps of the schedule, 1 to 50')
  .option('--eta <x>', 'stochasticity of the sampler, 0 to 1')
  .option('--k <x>', 'weight of image quality in the objective')
  .option('--objective <name>', 'jaq-clip (default), jaq-clip-log, jaq-preference, jaq-preference-tables or iq')
  .option('--weights <list>', 'a weighted sum of scores as objective, as in clip-score-hessel=1,clip-iqa.noisiness=2')
  .option('--optimizer <name>', 'grid, one-plus-one, cma-es, ...')
  .option('--budget <n>', 'candidates beside the identity')
  .option('--grid-points <n>', 'grid: points in each dimension')
  .option('--batch <n>', 'candidates asked together')
  .option('--seed <n>', "the optimizer's seed")
  .option('--noise-seed <list>', "the calibration prompts' seeds, as in 0,1")
  .option('--shape <name>', 'linear, single-scale or per-step')
  .option('--tune <name>', 'both, sample or noise')
  .option('--range <low,high>', 'range of every coefficient, as in 0.8,1.2')
  .option('--prompts <set|file>', 'calibration prompts: a set, or a file with a prompt per line')
  .option('--count <n>', 'how many calibration prompts (default 20; of a file, all)')
  .option('--select-prompts <set|file>', 'prompts that choose among the best')
  .option('--select-count <n>', 'how many of them (default 64; of a file, all)')
  .option('--finalists <n>', 'how many of the best are scored again')
  .option('--confirm-prompts <set|file>', 'held-out prompts of the verdict')
  .option('--confirm-count <n>', 'how many of them (default 128; of a file, all)')
  .option('--control <name>', 'none, evaluate or search: full precision beside it')
  .option('--id <name>', 'the id of the search; the same spec has the same id otherwise')
  .option('--workers <n>', 'scoring processes to start (default: one per core for small models, else 1)')
  .option('--wait', 'wait for workers instead of failing where none serves')
  .option('--fail-without-gain', 'exit 3 unless the calibrated coefficients are recommended')
  .action(
    run(async (file: string | undefined, flags) =>
      (await import('./commands/search-command.js')).searchCommand(file, flags),
    ),
  );

command('resume [search]', 'resume a search; the latest unfinished one where none is named')
  .option('--retry-failed', 'try stored failures again')
  .option('--budget <n>', 'let the search grow')
  .option('--workers <n>', 'scoring processes to start (default: one per core for small models, else 1)')
  .option('--wait', 'wait for workers instead of failing where none serves')
  .option('--fail-without-gain', 'exit 3 unless the calibrated coefficients are recommended')
  .action(
    run(async (id: string | undefined, flags) =>
      (await import('./commands/search-command.js')).resumeCommand(id, flags),
    ),
  );

command('status [search]', 'how far the searches are').action(
  run(async (id: string | undefined, flags: GlobalOptions) =>
    (await import('./commands/look-commands.js')).statusCommand(id, flags),
  ),
);
command('best [search]', 'the best coefficients').action(
  run(async (id: string | undefined, flags: GlobalOptions) =>
    (await import('./commands/look-commands.js')).bestCommand(id, flags),
  ),
);
command('export [search]', 'coefficients and fused schedule as JSON')
  .option('--output <file>', 'write to a file instead of stdout')
  .option('--which <name>', 'recommended (default), finalist, best or identity')
  .option('--format <name>', "qsched (default), or reference: the fields of the reference's best_rank_config")
  .action(
    run(async (id: string | undefined, flags) =>
      (await import('./commands/export-command.js')).exportCommand(id, flags),
    ),
  );
command('schedules', 'the stored schedules').action(
  run(async (flags: GlobalOptions) => (await import('./commands/schedule-command.js')).schedulesCommand(flags)),
);
command(
  'schedule <action> <what>',
  'show <id|file>: its steps as a table and a plot; add <file>: store one made by hand',
)
  .option('--model <name>', 'the model whose scheduler_config.json applies, where the file names none')
  .action(
    run(async (action: string, what: string, flags) =>
      (await import('./commands/schedule-command.js')).scheduleCommand(action, what, flags),
    ),
  );
/** Flags that choose a network and its scheduler. */
function networkOptions(of: Command): Command {
  return of
    .option('--model <name>', 'a folder under the model roots')
    .option('--precision <name>', 'w4a8, w8a8, ...')
    .option('--scheduler <name>', 'tcd (default), lcm, ddim, euler, euler-ancestral, flow-match-euler or consistency')
    .option('--spacing <name>', 'leading, trailing or linspace (ddim, euler, euler-ancestral)')
    .option('--steps <n>', 'steps of the schedule, 1 to 50')
    .option('--eta <x>', 'stochasticity of the sampler, 0 to 1');
}

/** Flags of a PTQD fit. */
function ptqdOptions(of: Command, count = 'how many calibration prompts'): Command {
  return networkOptions(of)
    .option('--gamma <name>', 'std (default) or regression')
    .option('--bias <name>', 'one per channel (default) or one per step')
    .option('--prompts <set|file>', 'calibration prompts: a set, or a file with a prompt per line')
    .option('--count <n>', count)
    .option('--wait', 'wait for workers instead of failing where none serves');
}

ptqdOptions(command('ptqd', "fit the paper's baseline, and store it as a schedule")).action(
  run(async (flags) => (await import('./commands/ptqd-command.js')).ptqdCommand(flags)),
);
ptqdOptions(
  command(
    'study <name>',
    'a table or figure of the paper: table-1, table-3, table-a3 (table-4), table-a4, table-a10, table-a11, figure-4, figure-5, surface; or ptqd: identity, PTQD and Q-Sched on held-out prompts; overhead: what coefficients cost in time',
  ),
  'tables and figures: prompts per row (default 2000); ptqd: how many calibration prompts',
)
  .option('--budget <n>', 'tables and figures: candidates per search')
  .option('--format <name>', 'tables and figures: table (default), markdown or csv')
  .option('--output <file>', 'tables and figures: write the table, or with --json the document, to a file')
  .option('--schedule <id>', "ptqd: the stored schedule to set beside (default: the latest search's)")
  .option('--confirm-prompts <set|file>', 'ptqd: held-out prompts')
  .option('--confirm-count <n>', 'ptqd: how many of them')
  .option('--repeats <n>', 'overhead: images with and without coefficients (default 100)')
  .action(run(async (name: string, flags) => (await import('./commands/study-command.js')).studyCommand(name, flags)));
command('surface [search]', 'the scores of a two-dimensional grid as a table').action(
  run(async (id: string | undefined, flags: GlobalOptions) =>
    (await import('./commands/surface-command.js')).surfaceCommand(id, flags),
  ),
);
command(
  'evaluate [spec]',
  'schedules x models x precisions on a prompt set, as a table with intervals; what was drawn before is found again',
)
  .option('--model <list>', 'folders under the model roots')
  .option('--precision <list>', 'as in fp32,w4a8 (default w4a8)')
  .option('--steps <list>', 'as in 2,4,8 (default 4)')
  .option('--scheduler <name>', 'tcd (default), lcm, ddim, euler, euler-ancestral, flow-match-euler or consistency')
  .option('--spacing <name>', 'leading, trailing or linspace (ddim, euler, euler-ancestral)')
  .option('--eta <x>', 'stochasticity of the sampler, 0 to 1')
  .option('--schedules <list>', 'identity (default), ptqd, q-sched, search:<id>, schedule:<id>')
  .option('--prompts <set|file>', 'a prompt set (default shapes-eval), or a file with a prompt per line')
  .option('--count <n>', 'how many prompts (default 1000; of a file, all)')
  .option('--noise-seed <list>', 'images of each prompt, as in 2000,2001')
  .option('--objective <name>', 'jaq-clip (default), jaq-clip-log, jaq-preference, jaq-preference-tables or iq')
  .option('--weights <list>', 'a weighted sum of scores as objective, as in clip-score-hessel=1,clip-iqa.noisiness=2')
  .option('--k <x>', 'weight of image quality in the objective')
  .option('--scorers <list>', "scorers beside the objective's own, or none (default second)")
  .option('--features <name>', 'the scorer whose features carry the Frechet distance, or none (default second)')
  .option('--retry-failed', 'draw and score kept failures again')
  .option('--format <name>', 'table (default), markdown or csv')
  .option('--output <file>', 'write the table to a file: .md, .csv or .json')
  .option('--workers <n>', 'scoring processes to start (default: one per core for small models, else 1)')
  .option('--wait', 'wait for workers instead of failing where none serves')
  .action(
    run(async (file: string | undefined, flags) =>
      (await import('./commands/evaluate-command.js')).evaluateCommand(file, flags),
    ),
  );

command(
  'confirm [searches...]',
  'finalists against the identity on held-out prompts and new seeds; the latest search where none is named',
)
  .option('--prompts <set|file>', "held-out prompts (default: the search's own)")
  .option('--count <n>', 'how many of them')
  .option('--noise-seed <list>', 'seeds (default: new ones)')
  .option('--scorers <list>', "scorers beside the objective's own, or none (default: the search's own)")
  .option('--workers <n>', 'scoring processes to start (default: one per core for small models, else 1)')
  .option('--wait', 'wait for workers instead of failing where none serves')
  .option('--fail-without-gain', 'exit 3 unless calibrated coefficients are recommended')
  .action(
    run(async (ids: string[], flags) => (await import('./commands/confirm-command.js')).confirmCommand(ids, flags)),
  );

command(
  'rank [searches...]',
  'rank finished searches again by other weights of image quality, from what is stored; the latest where none is named',
)
  .option('--k <list>', 'weights to rank at (default 0.5,1,2,5)')
  .option('--pair <name>', 'another CLIP-IQA pair as image quality: noisiness, sharpness, ...')
  .option('--top <n>', 'show the best n at every k (default 1)')
  .action(run(async (ids: string[], flags) => (await import('./commands/rank-command.js')).rankCommand(ids, flags)));
command('scores', 'the scores that objectives and tables may use, and what the absent ones want')
  .option('--model <name>', 'the model whose qsched.json may name scorers (default shapes)')
  .action(run(async (flags) => (await import('./commands/scores-command.js')).scoresCommand(flags)));
command('doctor', 'check this machine, and say what to fix').action(
  run(async (flags: GlobalOptions) => (await import('./commands/doctor-command.js')).doctorCommand(flags)),
);

/** Commander's complaint about an unknown word, as ours. */
function asUsageError(error: CommanderError, argv: readonly string[]): QschedError {
  const word = /'(-{0,2}[^'=]+)/.exec(error.message)?.[1] ?? '';
  const subcommand = program.commands.find((c) => c.name() === argv[0]);
  if (error.code === 'commander.unknownOption') {
    const known = (subcommand ?? program).options.map((option) => option.long ?? '');
    return new QschedError('usage', `Unknown option ${word}.`, suggestion(word, [...known, '--help']));
  }
  if (error.code === 'commander.unknownCommand' || (error.code === 'commander.excessArguments' && !subcommand)) {
    return new QschedError(
      'usage',
      `Unknown command "${argv[0]}".`,
      suggestion(
        argv[0] ?? '',
        program.commands.map((c) => c.name()),
      ),
    );
  }
  return new QschedError(
    'usage',
    error.message.replace(/^error: /, ''),
    `See npx qsched ${subcommand?.name() ?? ''} --help`.replace(/ +/g, ' '),
  );
}

const argv = process.argv.slice(2);
try {
  if (argv.length === 0) program.outputHelp();
  else await program.parseAsync(argv, { from: 'user' });
} catch (error) {
  const help = error instanceof CommanderError && error.exitCode === 0;
  if (!help) {
    exitCode = report(error instanceof CommanderError ? asUsageError(error, argv) : error, {
      json: argv.includes('--json'),
      debug: argv.includes('--debug'),
    });
  }
}
// Results must be out before the process ends; native threads must not keep it.
process.stdout.write('', () => process.exit(exitCode));
