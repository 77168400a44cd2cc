/**
 * Writes the rules of the rooms into .oxlintrc.json: which folder may import which, and which may do I/O or read a
 * clock. Run it after a change of the table below: `npx tsx scripts/write-lint-rules.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

/** What a room may import of another: everything, types alone, or these files and folders of it. */
type Allowed = 'everything' | 'types' | readonly string[];

interface Room {
  readonly imports: Readonly<Record<string, Allowed>>;
  /** `nothing`: no I/O, clock, environment or `Math.random`. `workflow`: the same, but for the workflow's own clock. */
  readonly reaches: 'nothing' | 'workflow' | 'everything';
  /** Packages that it must not import, as regular expressions. */
  readonly without?: readonly string[];
  /** Runs in workflows, which have no `Buffer`. */
  readonly sandboxed?: true;
}

const TEMPORAL = '@temporalio/';
const DATABASE = 'better-sqlite3|drizzle-orm';
const MODELS = 'onnxruntime-node|sharp';
const EVERYTHING = 'everything';

/** Every folder of the product, from the ground up. */
const ROOMS: Readonly<Record<string, Room>> = {
  contract: { imports: {}, reaches: 'nothing' },
  diffusion: { imports: { contract: EVERYTHING }, reaches: 'nothing' },
  metrics: { imports: { contract: EVERYTHING }, reaches: 'nothing' },
  optimizers: { imports: { contract: EVERYTHING }, reaches: 'nothing', sandboxed: true },
  paper: { imports: { contract: EVERYTHING }, reaches: 'nothing', sandboxed: true },
  threads: { imports: { contract: EVERYTHING }, reaches: EVERYTHING, without: [TEMPORAL, DATABASE, MODELS] },
  artefacts: {
    imports: { contract: EVERYTHING, diffusion: 'types', metrics: 'types' },
    reaches: EVERYTHING,
    without: [TEMPORAL, DATABASE, MODELS],
  },
  db: { imports: { contract: EVERYTHING, metrics: EVERYTHING }, reaches: EVERYTHING, without: [TEMPORAL, MODELS] },
  inference: {
    imports: {
      contract: EVERYTHING,
      diffusion: EVERYTHING,
      metrics: EVERYTHING,
      artefacts: EVERYTHING,
      threads: EVERYTHING,
    },
    reaches: EVERYTHING,
    without: [TEMPORAL, DATABASE],
  },
  planning: {
    imports: {
      contract: EVERYTHING,
      diffusion: EVERYTHING,
      metrics: EVERYTHING,
      artefacts: ['artefact-keys.js'],
      inference: ['describe.js', 'models/model-roots.js', 'models/reference-features.js', 'prompts/**'],
      optimizers: EVERYTHING,
      workflows: ['scoring/pace.js', 'scoring/work.js', 'search/grid-note.js'],
    },
    reaches: EVERYTHING,
    without: [TEMPORAL, DATABASE, MODELS],
  },
  compute: {
    imports: {
      contract: EVERYTHING,
      metrics: EVERYTHING,
      optimizers: EVERYTHING,
      artefacts: EVERYTHING,
      db: EVERYTHING,
      threads: EVERYTHING,
    },
    reaches: EVERYTHING,
    without: [TEMPORAL, DATABASE, MODELS],
  },
  workflows: {
    imports: {
      contract: EVERYTHING,
      optimizers: EVERYTHING,
      paper: EVERYTHING,
      diffusion: ['coefficients.js'],
      metrics: ['objectives/scorers-asked.js', 'racing/looks.js'],
      temporal: ['queues.js', 'search-attribute-keys.js'],
      activities: 'types',
    },
    reaches: 'workflow',
    without: ['@temporalio/(client|worker|activity|testing|envconfig)', DATABASE, MODELS],
    sandboxed: true,
  },
  activities: {
    imports: {
      contract: EVERYTHING,
      diffusion: EVERYTHING,
      planning: EVERYTHING,
      inference: EVERYTHING,
      db: EVERYTHING,
      compute: EVERYTHING,
      optimizers: 'types',
      temporal: ['pollers.js'],
    },
    reaches: EVERYTHING,
    without: ['@temporalio/(client|worker|workflow|testing|envconfig)', DATABASE, MODELS],
  },
  report: {
    imports: {
      contract: EVERYTHING,
      diffusion: EVERYTHING,
      metrics: EVERYTHING,
      optimizers: EVERYTHING,
      paper: EVERYTHING,
      artefacts: EVERYTHING,
      db: EVERYTHING,
    },
    reaches: EVERYTHING,
    without: [TEMPORAL, MODELS],
  },
  exports: {
    imports: { contract: EVERYTHING, diffusion: EVERYTHING, inference: ['models/float16.js'] },
    reaches: EVERYTHING,
    without: [TEMPORAL, DATABASE, MODELS],
  },
  live: {
    imports: {
      contract: EVERYTHING,
      threads: EVERYTHING,
      artefacts: EVERYTHING,
      db: EVERYTHING,
      report: EVERYTHING,
      inference: ['prompts/table-prompts.js'],
      temporal: ['process-alive.js', 'record-file.js'],
    },
    reaches: EVERYTHING,
    without: [TEMPORAL, MODELS],
  },
  temporal: {
    imports: { contract: EVERYTHING, artefacts: ['cache-folder.js'] },
    reaches: EVERYTHING,
    without: [DATABASE, MODELS],
  },
  worker: {
    imports: {
      contract: EVERYTHING,
      artefacts: EVERYTHING,
      db: EVERYTHING,
      inference: EVERYTHING,
      compute: EVERYTHING,
      activities: EVERYTHING,
      temporal: EVERYTHING,
    },
    reaches: EVERYTHING,
  },
  cli: {
    imports: {
      contract: EVERYTHING,
      diffusion: EVERYTHING,
      metrics: EVERYTHING,
      optimizers: EVERYTHING,
      paper: EVERYTHING,
      artefacts: EVERYTHING,
      db: EVERYTHING,
      inference: EVERYTHING,
      planning: EVERYTHING,
      report: EVERYTHING,
      live: EVERYTHING,
      exports: EVERYTHING,
      temporal: EVERYTHING,
      worker: ['workers.js', 'worker-log.js'],
    },
    reaches: EVERYTHING,
  },
  library: {
    imports: {
      contract: EVERYTHING,
      metrics: EVERYTHING,
      db: EVERYTHING,
      inference: EVERYTHING,
      planning: EVERYTHING,
      cli: ['follow/**', 'host/**', 'input/**'],
    },
    reaches: EVERYTHING,
    without: [DATABASE.replace('|drizzle-orm', ''), MODELS],
  },
};

/** Folders that no room may import. */
const OUTSIDE = ['bench', 'scripts', 'test', 'tools'];

const BUILT_IN =
  '^(node:|(assert|buffer|child_process|crypto|events|fs|http|https|module|net|os|path|perf_hooks|process|stream|timers|url|util|worker_threads|zlib)(/|$))';

interface Pattern {
  readonly message: string;
  readonly regex?: string;
  readonly group?: readonly string[];
  readonly allowTypeImports?: true;
}

/** The rules of one room, as an entry of oxlint's `overrides`. */
function rulesOf(name: string, { imports, reaches, without = [], sandboxed }: Room): object {
  const others = Object.keys(ROOMS).filter((other) => other !== name);
  const never = [...others.filter((other) => imports[other] === undefined), ...OUTSIDE];
  const may = `${name}/ imports ${listed(imports)}.`;
  const patterns: Pattern[] = [{ regex: `^(\\.\\./)+(${never.join('|')})/|^(\\.\\./)+index\\.js$`, message: may }];
  for (const [other, allowed] of Object.entries(imports)) {
    if (allowed === 'types') patterns.push({ regex: `^(\\.\\./)+${other}/`, message: may, allowTypeImports: true });
    else if (allowed !== EVERYTHING) {
      patterns.push({
        group: [`../**/${other}/**`, ...allowed.map((path) => `!../**/${other}/${path}`)],
        message: may,
      });
    }
  }
  const noReach = reaches === EVERYTHING ? [] : [BUILT_IN];
  const packages = reaches === 'nothing' ? [TEMPORAL, DATABASE, MODELS] : without;
  for (const regex of [...noReach, ...(packages.length === 0 ? [] : [`^(${packages.join('|')})`])]) {
    patterns.push({ regex, message: `${name}/ does without this package: scripts/write-lint-rules.ts.` });
  }
  return {
    files: [`${name}/**/*.ts`, `${name}/**/*.tsx`],
    rules: {
      'no-restricted-imports': ['error', { patterns }],
      ...(reaches === EVERYTHING ? {} : deterministic(reaches, sandboxed ?? false)),
    },
  };
}

const GLOBALS = ['process', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'performance', 'crypto'];
const RANDOM = { object: 'Math', property: 'random', message: 'Use a seeded generator.' };
const CLOCK = { object: 'Date', property: 'now', message: 'This folder has no clock.' };

const deterministic = (reaches: Room['reaches'], sandboxed: boolean): object => ({
  'no-restricted-globals': ['error', ...GLOBALS, ...(sandboxed ? ['Buffer'] : [])],
  // Temporal replaces the clock of workflows by the time in their history.
  'no-restricted-properties': ['error', RANDOM, ...(reaches === 'workflow' ? [] : [CLOCK])],
});

function listed(imports: Room['imports']): string {
  const names = Object.entries(imports).map(([name, allowed]) => {
    if (allowed === EVERYTHING) return `${name}/`;
    return allowed === 'types' ? `types of ${name}/` : `${allowed.map((path) => `${name}/${path}`).join(', ')}`;
  });
  return names.length === 0 ? 'no other folder' : `${names.join(', ')} and no other folder`;
}

/** The configuration with the rules of the rooms; what does not concern rooms stays as it is. */
export async function withRooms(config: string): Promise<string> {
  const { overrides, ...rest } = JSON.parse(config) as { overrides: { files: string[]; rules: object }[] };
  const kept = overrides.filter(({ rules }) => !('no-restricted-imports' in rules));
  const rooms = Object.entries(ROOMS).map(([name, room]) => rulesOf(name, room));
  return format(JSON.stringify({ ...rest, overrides: [...rooms, ...kept] }), { parser: 'json', printWidth: 120 });
}

/** Where the configuration is. */
export const LINT_RULES = fileURLToPath(new URL('../.oxlintrc.json', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(LINT_RULES, await withRooms(readFileSync(LINT_RULES, 'utf8')));
}
