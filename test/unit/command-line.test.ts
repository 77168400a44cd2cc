/** The table of commands: every flag has one help text, one type and one meaning. */
import { Command } from 'commander';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { addCommands } from '../../cli/commands.js';
import { flagName, type Flag, type Flags } from '../../cli/input/flag.js';
import * as groups from '../../cli/input/flags.js';
import { asUsageError } from '../../cli/usage-error.js';
import { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { GateSpec } from '../../contract/gate-spec.js';
import { keysAt } from '../../contract/explain-issues.js';
import { SearchSpec } from '../../contract/search-spec.js';

const called = vi.hoisted(() => [] as unknown[][]);
const fake = vi.hoisted(
  () =>
    (...names: string[]) =>
      Object.fromEntries(
        names.map((name) => [
          name,
          (...args: unknown[]) => {
            called.push([name, ...args]);
            return 0;
          },
        ]),
      ),
);
vi.mock('../../cli/commands/up-command.js', () => fake('upCommand', 'workerCommand'));
vi.mock('../../cli/commands/search-command.js', () => fake('searchCommand', 'resumeCommand'));
vi.mock('../../cli/commands/evaluate-command.js', () => fake('evaluateCommand'));
vi.mock('../../cli/commands/confirm-command.js', () => fake('confirmCommand'));

function program(): Command {
  const made = new Command('qsched').exitOverride().configureOutput({ writeErr: () => undefined });
  addCommands(made, () => undefined);
  return made;
}
const run = (...argv: string[]): Promise<unknown> => program().parseAsync(argv, { from: 'user' });

beforeEach(() => {
  called.length = 0;
});

describe('a command line', () => {
  test.each<[string, unknown[]]>([
    ['search', ['searchCommand', undefined, {}]],
    [
      'search spec.yaml --steps 2 --grid-points 3 --wait',
      ['searchCommand', 'spec.yaml', { steps: '2', gridPoints: '3', wait: true }],
    ],
    ['search --batch 4 --network-batch 8', ['searchCommand', undefined, { batch: '4', networkBatch: '8' }]],
    ['search --device cuda', ['searchCommand', undefined, { device: 'cuda' }]],
    ['up --provider webgpu --batch 8', ['upCommand', { device: 'webgpu', networkBatch: '8' }]],
    ['up --device webgpu --network-batch 8', ['upCommand', { device: 'webgpu', networkBatch: '8' }]],
    ['worker --provider cuda --batch 4', ['workerCommand', { device: 'cuda', networkBatch: '4' }]],
    ['up --model a,b --model c', ['upCommand', { model: ['a', 'b', 'c'] }]],
    ['confirm one two --json', ['confirmCommand', ['one', 'two'], { json: true }]],
    ['confirm', ['confirmCommand', [], {}]],
    ['evaluate --model a,b --steps 2,4', ['evaluateCommand', undefined, { model: 'a,b', steps: '2,4' }]],
  ])('%s', async (line, expected) => {
    await run(...line.split(' '));
    expect(called).toEqual([expected]);
  });
});

describe('every flag', () => {
  const all = Object.entries(groups).flatMap(([group, flags]) =>
    Object.entries(flags as Flags).map(([key, flag]): [string, Flag] => [`${group} ${flagName(key)}`, flag]),
  );

  test('sets fields that a spec has', () => {
    const known = (path: string): boolean => {
      const [last, ...rest] = path.split('.').reverse() as [string, ...string[]];
      return [SearchSpec, EvaluateSpec, GateSpec].some(
        (schema) =>
          keysAt(schema, rest.toReversed()).includes(last) ||
          keysAt(schema, ['rows', 0, ...rest.toReversed()]).includes(last),
      );
    };
    const wrong = all.filter(
      ([, { path, fields = [] }]) => ![...fields, ...(path === undefined ? [] : [path])].every(known),
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
    expect(all.length).toBeGreaterThan(100);
  });

  test('of PTQD names its valid values', () => {
    expect(groups.PTQD.bias.help).toBe('channel (one bias per channel, default) or step (one per step)');
  });
});

test('help shows each command once, without the old name of reproduce', () => {
  const help = program().helpInformation();
  for (const name of ['up', 'search', 'reproduce', 'evaluate', 'clean', 'doctor']) {
    expect(help.match(new RegExp(`^ {2}${name} `, 'gm'))).toHaveLength(1);
  }
  expect(help).not.toMatch(/^ {2}study /m);
});

test.each([
  ['serch', 'Unknown command "serch".', /"search"/],
  ['search --bugdet 3', 'Unknown option --bugdet.', /"--budget"/],
  ['search --budget', "option '--budget <n>' argument missing", /See npx qsched search --help\./],
])('%s is refused with a suggestion', async (line, message, hint) => {
  const argv = line.split(' ');
  const made = program();
  const error = await made.parseAsync(argv, { from: 'user' }).catch((thrown: unknown) => thrown);
  const { message: said, hint: suggested } = asUsageError(error as never, made, argv);
  expect(said).toBe(message);
  expect(suggested).toMatch(hint);
});
