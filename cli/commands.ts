/**
 * Every command: its arguments, its help and its flags. A command's modules are loaded when it runs, so that reading the
 * database does not load ONNX Runtime.
 */
import type { Command } from 'commander';
import { addCommand, type CommandEntry } from './help/add-command.js';
import * as flags from './input/flags.js';

const COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'up',
    help: 'start a Temporal server and workers, and keep running',
    flags: flags.UP,
    load: async () => (await import('./commands/up-command.js')).upCommand,
  },
  {
    usage: 'worker',
    help: 'start a scoring worker for a running server',
    flags: flags.WORKER,
    load: async () => (await import('./commands/up-command.js')).workerCommand,
  },
  {
    usage: 'search [spec]',
    help: 'search for the coefficients of a model, and test them on held-out prompts',
    flags: flags.SEARCH,
    load: async () => (await import('./commands/search-command.js')).searchCommand,
  },
  {
    usage: 'plan [what]',
    help:
      'show what a search will take before anything runs: images, denoiser rows, scorer calls, minutes; of a spec file or ' +
      'flags, or of a stored search with what it took',
    flags: flags.PLAN,
    load: async () => (await import('./commands/plan-command.js')).planCommand,
  },
  {
    usage: 'resume [search]',
    help: 'resume or extend a search; by default the latest unfinished one',
    flags: flags.RESUME,
    load: async () => (await import('./commands/search-command.js')).resumeCommand,
  },
  {
    usage: 'cancel <id>',
    help: 'cancel a search, an evaluation, a fit or a reproduction; what is scored stays stored',
    flags: {},
    load: async () => (await import('./commands/cancel-command.js')).cancelCommand,
  },
  {
    usage: 'pause <id>',
    help: 'give no further work of a search, an evaluation or a gate out; what is under way is finished',
    flags: {},
    load: async () => (await import('./commands/control-commands.js')).pauseCommand,
  },
  {
    usage: 'unpause <id>',
    help: 'let a paused search, evaluation or gate go on; resume of a search does the same, and follows it',
    flags: {},
    load: async () => (await import('./commands/control-commands.js')).unpauseCommand,
  },
  {
    usage: 'stop <search>',
    help: 'ask for no further candidates: the best so far proceeds to the verdict',
    flags: {},
    load: async () => (await import('./commands/control-commands.js')).stopCommand,
  },
  {
    usage: 'extend <search>',
    help: 'give a running search a larger budget',
    flags: flags.EXTEND,
    load: async () => (await import('./commands/control-commands.js')).extendCommand,
  },
  {
    usage: 'enqueue <search>',
    help: 'have a running search score a candidate of yours next; it counts within the budget',
    flags: flags.ENQUEUE,
    load: async () => (await import('./commands/control-commands.js')).enqueueCommand,
  },
  {
    usage: 'priority <id> <n>',
    help: 'set which search, evaluation or gate is scored first: 1 (first) to 5; without it each has 3',
    flags: {},
    load: async () => (await import('./commands/control-commands.js')).priorityCommand,
  },
  {
    usage: 'status [id]',
    help: 'show the progress of searches, and the evaluations and gates that have not ended',
    flags: flags.STATUS,
    load: async () => (await import('./commands/status-command.js')).statusCommand,
  },
  {
    usage: 'best [search]',
    help: 'show the best coefficients',
    flags: {},
    load: async () => (await import('./commands/best-command.js')).bestCommand,
  },
  {
    usage: 'export [what]',
    help:
      'write a schedule for another program: of a search (default: the latest), a stored schedule or a file; as JSON, or ' +
      'for diffusers, ONNX Runtime, ComfyUI, stable-diffusion.cpp',
    flags: flags.EXPORT,
    load: async () => (await import('./commands/export-command.js')).exportCommand,
  },
  {
    usage: 'export-optuna [search]',
    help: 'write the trials of a search as a journal file of Optuna, which optuna-dashboard opens',
    flags: flags.EXPORT_OPTUNA,
    load: async () => (await import('./commands/export-optuna-command.js')).exportOptunaCommand,
  },
  {
    usage: 'check <file>',
    help: 'tell whether a model on disk is the one that an exported schedule was made for',
    flags: flags.CHECK,
    load: async () => (await import('./commands/check-command.js')).checkCommand,
  },
  {
    usage: 'schedules',
    help: 'list the stored schedules',
    flags: flags.LOOK,
    load: async () => (await import('./commands/schedule-command.js')).schedulesCommand,
  },
  {
    usage: 'schedule <action> <what>',
    help: 'show <id|file>: the steps as a table and a plot; add <file>: store a schedule made by hand',
    flags: flags.SCHEDULE,
    load: async () => (await import('./commands/schedule-command.js')).scheduleCommand,
  },
  {
    usage: 'ptqd',
    help: "fit PTQD, the paper's baseline method, and store it as a schedule",
    flags: flags.PTQD,
    load: async () => (await import('./commands/fit-commands.js')).ptqdCommand,
  },
  {
    usage: 'match',
    help: 'fit the coefficients of every step to full precision by least squares, and store them as a schedule',
    flags: flags.MATCH,
    load: async () => (await import('./commands/fit-commands.js')).matchCommand,
  },
  {
    usage: 'reproduce <name>',
    help:
      'reproduce a table or figure of the paper: table-1, table-3, table-a3 (table-4), table-a4, table-a10, table-a11, ' +
      'figure-4, figure-5, surface; or ptqd: baseline, PTQD and Q-Sched on held-out prompts; ' +
      'or overhead: the time that coefficients cost',
    flags: flags.REPRODUCE,
    load: async () => (await import('./commands/reproduce-command.js')).reproduceCommand,
  },
  {
    usage: 'study <name>',
    help: 'the old name of reproduce',
    flags: flags.REPRODUCE,
    load: async () => (await import('./commands/reproduce-command.js')).studyCommand,
    hidden: true,
  },
  {
    usage: 'surface [search]',
    help: 'show the scores of a two-dimensional grid as a table',
    flags: flags.LOOK,
    load: async () => (await import('./commands/surface-command.js')).surfaceCommand,
  },
  {
    usage: 'evaluate [spec]',
    help: 'evaluate schedules x models x precisions on a prompt set; images generated earlier are reused',
    flags: flags.EVALUATE,
    load: async () => (await import('./commands/evaluate-command.js')).evaluateCommand,
  },
  {
    usage: 'gate [spec]',
    help:
      'test whether a quantised model, a checkpoint or a folder of images is as good as its reference, within a margin; ' +
      'exit code 0 passed, 3 failed, 4 undecided',
    flags: flags.GATE,
    load: async () => (await import('./commands/gate-command.js')).gateCommand,
  },
  {
    usage: 'confirm [searches...]',
    help: 're-test finalists on held-out prompts with new seeds, Holm-corrected for several; by default the latest search',
    flags: flags.CONFIRM,
    load: async () => (await import('./commands/confirm-command.js')).confirmCommand,
  },
  {
    usage: 'rank [searches...]',
    help: 're-rank stored candidates with other values of k (no images are generated); by default the latest search',
    flags: flags.RANK,
    load: async () => (await import('./commands/rank-command.js')).rankCommand,
  },
  {
    usage: 'pareto [search]',
    help: 'show the Pareto front of text against quality, or of any two stored scores, over the candidates of a search',
    flags: flags.PARETO,
    load: async () => (await import('./commands/pareto-command.js')).paretoCommand,
  },
  {
    usage: 'report [ids...]',
    help: 'write a report of searches, evaluations and tables as one HTML file; --json prints its data; by default of the latest search',
    flags: flags.REPORT,
    load: async () => (await import('./commands/report-command.js')).reportCommand,
  },
  {
    usage: 'images [search]',
    help: 'write the images of a search as PNG files: every held-out prompt under the baseline, the finalist and full precision',
    flags: flags.IMAGES,
    load: async () => (await import('./commands/images-command.js')).imagesCommand,
  },
  {
    usage: 'generate',
    help: 'generate images of a prompt, in this process: with the baseline, or with the coefficients of a search',
    flags: flags.GENERATE,
    load: async () => (await import('./commands/generate-command.js')).generateCommand,
  },
  {
    usage: 'init <model>',
    help: 'look into a model folder, and write a commented spec that runs as it is',
    flags: flags.INIT,
    load: async () => (await import('./commands/init-command.js')).initCommand,
  },
  {
    usage: 'describe <model>',
    help: 'ask the model server of a model folder what it is, and keep the answer there',
    flags: flags.DESCRIBE,
    load: async () => (await import('./commands/describe-command.js')).describeCommand,
  },
  {
    usage: 'models [folder]',
    help: 'list the models of a folder (default: all) with their precisions, and what they lack',
    flags: flags.MODELS,
    load: async () => (await import('./commands/models-command.js')).modelsCommand,
  },
  {
    usage: 'scores',
    help: 'list the scores for objectives and tables, and the files that missing ones need',
    flags: flags.SCORES,
    load: async () => (await import('./commands/scores-command.js')).scoresCommand,
  },
  {
    usage: 'prompts <action> [what...]',
    help:
      'import <file>: make a prompt set of COCO, MJHQ, sDCI, PartiPrompts, DrawBench, text, JSON, YAML, CSV or TSV; ' +
      'split <set|file>: calibration, selection and held-out sets out of one; ' +
      'check <sets|files>: duplicates, overlaps, lengths; list: the sets that there are',
    flags: flags.PROMPTS,
    load: async () => (await import('./commands/prompts-command.js')).promptsCommand,
  },
  {
    usage: 'clean',
    help: 'remove the least recently used images and other artefacts',
    flags: flags.CLEAN,
    load: async () => (await import('./commands/clean-command.js')).cleanCommand,
  },
  {
    usage: 'doctor',
    help: "check this machine's setup; with --model, the plan of memory of a model",
    flags: flags.DOCTOR,
    load: async () => (await import('./commands/doctor-command.js')).doctorCommand,
  },
  {
    usage: 'completion <shell>',
    help: 'print the completion script of bash, zsh or fish',
    flags: {},
    load: async () => (await import('./commands/completion-command.js')).completionCommand,
  },
  {
    usage: 'complete-line [words...]',
    help: 'what may be typed next, for completion scripts',
    flags: {},
    load: async (program) => {
      const { completeLine } = await import('./commands/completion-command.js');
      return (words: readonly string[]) => completeLine(program, words);
    },
    hidden: true,
  },
];

/** Adds every command to the program. @param ended receives the exit code */
export function addCommands(program: Command, ended: (exitCode: number) => void): void {
  for (const entry of COMMANDS) addCommand(program, entry, ended);
}
