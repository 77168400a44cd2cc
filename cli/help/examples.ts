/**
 * Examples of every command, as its help shows them. A test parses each of them, and runs those that need no search.
 */

/** A command line without `npx`, and what it is for. */
export type Example = readonly [line: string, what: string];

/** By the command's name. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  up: [
    ['qsched up', 'a Temporal server, its UI and workers for all models'],
    ['qsched up --model shapes --workers 1', 'one model, one scoring process'],
  ],
  worker: [
    ['TEMPORAL_ADDRESS=gpu-host:7233 qsched worker --model shapes --device cuda', 'score for a server on another host'],
  ],
  search: [
    ['qsched search --model shapes', 'what fits the model, to a verdict'],
    ['qsched search --model shapes --precision w4a6 --steps 2 --budget 64', 'another network, more candidates'],
    ['qsched search --model ./my-models/sdxl-turbo --prompts captions.txt', 'your model and your prompts'],
    ['qsched search shapes.yaml --control search', 'a spec file, with full precision as a control'],
  ],
  plan: [
    ['qsched plan --model shapes --budget 200', 'before anything runs'],
    ['qsched plan shapes-w4a8', 'a stored search, beside what it took'],
  ],
  resume: [
    ['qsched resume', 'the latest unfinished search'],
    ['qsched resume shapes-w4a8 --budget 200', 'extend a search'],
  ],
  cancel: [['qsched cancel shapes-w4a8', 'what is scored stays stored']],
  pause: [['qsched pause shapes-w4a8', 'what is under way is finished']],
  unpause: [['qsched unpause shapes-w4a8', 'without following it']],
  stop: [['qsched stop shapes-w4a8', 'the best so far proceeds to the verdict']],
  extend: [['qsched extend shapes-w4a8 --budget 64', '64 candidates all in all']],
  enqueue: [
    ['qsched enqueue shapes-w4a8 --sample 0.95,1 --noise 1,1.02', 'start and end of linear coefficients'],
    ['qsched enqueue shapes-w4a8 --coefficients schedule.json', 'those of an exported schedule'],
  ],
  priority: [['qsched priority shapes-w4a8 1', 'first among the searches of these workers']],
  status: [
    ['qsched status', 'every search, the latest first'],
    ['qsched status --sort gain --format markdown', 'the most gain first'],
  ],
  best: [
    ['qsched best', 'of every search'],
    ['qsched best shapes-w4a8 --json', 'of one, by the beginning of its id'],
  ],
  export: [
    ['qsched export --output schedule.json', 'what the latest search recommends'],
    ['qsched export shapes-w4a8 --which finalist', 'the finalist, recommended or not'],
  ],
  'export-optuna': [['qsched export-optuna shapes-w4a8', 'for optuna-dashboard']],
  check: [['qsched check schedule.json', 'whether the model here is the one that it was made for']],
  report: [['qsched report', 'of the latest search']],
  images: [['qsched images shapes-w4a8', 'baseline, finalist and full precision of every held-out prompt']],
  describe: [['qsched describe my-server', 'after its model has changed']],
  schedules: [['qsched schedules', 'ids, and what the schedules were made for']],
  schedule: [
    ['qsched schedule show schedule.json', 'the steps of a file, as a table and a plot'],
    ['qsched schedule add schedule.json', 'store it, for evaluate --schedules schedule:ID'],
  ],
  ptqd: [['qsched ptqd --model shapes --precision w4a8', "the paper's baseline method"]],
  match: [['qsched match --model shapes --precision w4a8', 'needs no search and no scores']],
  reproduce: [
    ['qsched reproduce table-1', 'Table 1 of the paper on the bundled model'],
    ['qsched reproduce table-1 --count 200 --budget 16', 'the same, small'],
    ['qsched reproduce overhead --model shapes', 'the time that coefficients cost'],
  ],
  surface: [
    [
      'qsched search --model shapes --shape single-scale --optimizer grid --grid-points 5',
      'a search that has a surface',
    ],
    ['qsched surface', 'of the latest search, if that is a grid'],
  ],
  evaluate: [
    ['qsched evaluate --model shapes --precision fp32,w4a8 --schedules identity,q-sched', 'a table with intervals'],
    ['qsched evaluate rows.yaml --output table.md', 'rows from a file, as Markdown'],
  ],
  gate: [
    ['qsched gate --model shapes --reference fp32 --candidate w8a8', 'is the 8-bit model as good as full precision?'],
    ['qsched gate --model shapes --candidate w4a8 --schedule q-sched', 'the same with calibrated coefficients'],
    ['qsched gate --reference ./before --candidate ./after --scores ssim --margin ssim=0.95', 'folders of images'],
    ['qsched gate gate.yaml --junit gate.xml --markdown gate.md', 'in CI, from a spec file'],
  ],
  confirm: [['qsched confirm --count 500', 'the latest finalist on more held-out prompts']],
  rank: [
    ['qsched rank', 'the latest search at k = 0.5, 1, 2 and 5'],
    ['qsched rank --k 1,4 --top 3 --pair noisiness', 'another CLIP-IQA pair as quality'],
  ],
  pareto: [
    ['qsched pareto', 'text against quality'],
    ['qsched pareto --scores clip-score,clip-iqa.warm:higher', 'any two stored scores'],
  ],
  init: [['qsched init shapes --output shapes.yaml', 'a commented spec']],
  models: [
    ['qsched models', 'of every folder with models'],
    ['qsched models ./my-models', 'of one folder'],
  ],
  scores: [['qsched scores', 'what is installed, and what others need']],
  prompts: [
    ['qsched prompts list', 'the sets that there are'],
    ['qsched prompts import captions.txt --name captions', 'a file as a prompt set'],
    ['qsched prompts check shapes-calibration shapes-heldout', 'duplicates and overlaps'],
    ['qsched prompts split captions --calibration 2 --select 2', 'sets for a search'],
  ],
  clean: [['qsched clean --max-bytes 10GB --dry-run', 'what would be removed']],
  doctor: [
    ['qsched doctor', 'everything, with what to do'],
    ['qsched doctor --model shapes', 'the plan of memory of a model'],
  ],
  generate: [
    ['qsched generate --model shapes --prompt "a red circle"', 'with the baseline'],
    [
      'qsched generate --model shapes --prompt "a red circle" --search shapes-w4a8 --seed 7 --output circle.png',
      'with the coefficients of a search',
    ],
  ],
  completion: [
    ['source <(qsched completion bash)', 'in ~/.bashrc'],
    ['source <(qsched completion zsh)', 'in ~/.zshrc'],
    ['qsched completion fish > ~/.config/fish/completions/qsched.fish', 'once'],
  ],
};

/** The examples of a command as its help shows them; empty without any. */
export function examplesText(name: string): string {
  const examples = EXAMPLES[name] ?? [];
  if (examples.length === 0) return '';
  return ['', 'Examples:', ...examples.map(([line, what]) => `  # ${what}\n  ${withNpx(line)}`)].join('\n');
}

const withNpx = (line: string): string => line.replace(/(^|[ (])qsched /, '$1npx qsched ');

/** What the help of the program ends with. */
export const EXIT_CODES = `
Exit codes:
  0    done, whatever the recommendation
  1    a failure: no server, a full disk, damaged files
  2    wrong input: the message says what to type instead
  3    no proven gain, where --fail-without-gain was given; gate: failed
  4    gate: undecided
  130  interrupted: the message says how to come back

More about a command, with examples: npx qsched COMMAND --help`;
