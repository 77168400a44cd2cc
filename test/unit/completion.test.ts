/** Completion: what may be typed next, and the scripts in real shells. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addCommands } from '../../cli/commands.js';
import { ARGUMENT_CHOICES, FLAG_CHOICES } from '../../cli/completion/choices.js';
import { complete } from '../../cli/completion/complete.js';
import { SHELLS } from '../../cli/completion/scripts.js';
import { openStore } from '../../db/open-store.js';
import { makeKnownSearch } from './known-search.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-complete-'));
  vi.stubEnv('QSCHED_DATA', folder);
  const store = openStore(join(folder, 'qsched.db'));
  makeKnownSearch(store, 'known-search');
  store.$client.close();
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function program(): Command {
  const made = new Command('qsched');
  addCommands(made, () => undefined);
  return made;
}
const words = (line: string): string[] => complete(program(), line.split(' ').slice(1)).map(({ word }) => word);

describe('what may be typed next', () => {
  test.each<[string, string[]]>([
    ['qsched se', ['search']],
    ['qsched sched', ['schedules', 'schedule']],
    ['qsched stud', []],
    ['qsched search --mo', ['--model']],
    ['qsched search --model sh', ['shapes', 'shapes-flow']],
    ['qsched search --model=shapes-', ['--model=shapes-flow']],
    ['qsched search --model = shapes-', ['shapes-flow']],
    ['qsched search --scheduler flow', ['flow-match-euler', 'flow-match-lcm']],
    ['qsched search --precision w4', ['w4a6', 'w4a8']],
    ['qsched search --preset sdxl-t', ['sdxl-turbo']],
    ['qsched search --prior k', ['known-search']],
    ['qsched search --prompts shapes-c', ['shapes-calibration']],
    ['qsched search --budget ', []],
    ['qsched search spec', []],
    ['qsched best k', ['known-search']],
    ['qsched best known-search k', []],
    ['qsched rank known-search k', ['known-search']],
    ['qsched export --format r', ['reference']],
    ['qsched evaluate --format m', ['markdown']],
    ['qsched evaluate --schedules identity,search:k', ['identity,search:known-search']],
    ['qsched prompts check shapes-h', ['shapes-heldout']],
    ['qsched reproduce table-a1', ['table-a10', 'table-a11']],
    ['qsched up --model shapes --mo', ['--model']],
    ['qsched status --sort gain --so', []],
    ['qsched completion ', ['bash', 'zsh', 'fish']],
  ])('%s', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  test('every flag whose help lists its values has them', () => {
    for (const command of program().commands) {
      for (const option of command.options) {
        const key = option.attributeName();
        const listed =
          /^(?:--[a-z-]+: )?([a-z0-9-]+(?: \(default\))?(?:, [a-z0-9-]+(?: \(default\))?)*,? or [a-z0-9-]+)/.exec(
            option.description,
          )?.[1];
        if (listed === undefined || !option.required || /<(path|file|folder)>/.test(option.flags)) continue;
        const names = listed.replaceAll(/ \(default\)/g, '').split(/,? or |, /);
        const choices = (FLAG_CHOICES[`${command.name()}.${key}`] ?? FLAG_CHOICES[key])?.() ?? [];
        expect([`${command.name()} --${key}`, ...choices]).toEqual(expect.arrayContaining(names));
      }
    }
  });

  test('every choice belongs to a flag or a command that exists', () => {
    const { commands } = program();
    const keys = commands.flatMap((command) =>
      command.options.flatMap((option) => [option.attributeName(), `${command.name()}.${option.attributeName()}`]),
    );
    expect(Object.keys(FLAG_CHOICES).filter((key) => !keys.includes(key))).toEqual([]);
    const names = commands.map((command) => command.name());
    expect(Object.keys(ARGUMENT_CHOICES).filter((name) => !names.includes(name))).toEqual([]);
  });
});

const installed = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

/** What a shell itself offers for a line, with the script of this program. */
const OFFERED: Readonly<Record<(typeof SHELLS)[number], (line: string) => readonly [string, string[]]>> = {
  bash: (line) => [
    'bash',
    [
      '--norc',
      '-c',
      `source <("${process.execPath}" "${MAIN}" completion bash)
       complete -p qsched > /dev/null || exit 1
       COMP_LINE="$1" COMP_POINT=\${#1}
       _qsched
       printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      line,
    ],
  ],
  zsh: (line) => [
    'zsh',
    [
      '-f',
      '-c',
      `autoload -Uz compinit && compinit -D
       source <("${process.execPath}" "${MAIN}" completion zsh)
       [[ \${_comps[qsched]} == _qsched ]] || exit 1
       _describe() { print -rl -- "\${(@)\${(@P)2}%%:*}" }
       words=("\${(@s: :)1}") CURRENT=\${#words}
       _qsched`,
      'zsh',
      line,
    ],
  ],
  fish: (line) => [
    'fish',
    [
      '--no-config',
      '-c',
      `source ("${process.execPath}" "${MAIN}" completion fish | psub); complete -C "$argv[1]" | string replace -r '\\t.*' ''; true`,
      line,
    ],
  ],
};

describe.each(SHELLS.filter((shell) => shell === 'bash' || installed(shell)))('the script for %s', (shell) => {
  test.each<[string, string[]]>([
    ['qsched se', ['search']],
    ['qsched search --model shapes-', ['shapes-flow']],
    ['qsched best known', ['known-search']],
  ])('%s', (line, expected) => {
    const [command, args] = OFFERED[shell](line);
    const offered = execFileSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, QSCHED_DATA: folder, HOME: folder },
    });
    expect(offered.trim().split('\n')).toEqual(expected);
  });
});

test('bash keeps what it has of a word that it splits at colons', () => {
  const [command, args] = OFFERED.bash('qsched evaluate --schedules identity,search:kn');
  const env = { ...process.env, QSCHED_DATA: folder };
  expect(execFileSync(command, args, { encoding: 'utf8', env })).toBe('known-search\n');
});

test('a name with a quote does not break a script', () => {
  const path = join(folder, "it's main.sh");
  writeFileSync(path, '');
  const script = execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { completionScript } from ${JSON.stringify(new URL('../../dist/cli/completion/scripts.js', import.meta.url).href)};
       console.log(completionScript('bash', ['sh', ${JSON.stringify(path)}]))`,
    ],
    { encoding: 'utf8' },
  );
  expect(spawnSync('bash', ['-n'], { input: script }).status).toBe(0);
});
