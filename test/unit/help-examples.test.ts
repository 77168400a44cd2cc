/** Examples in the help of every command: each is parsed by the program itself. */
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addCommands } from '../../cli/commands.js';
import { EXAMPLES, EXIT_CODES } from '../../cli/help/examples.js';

function program(): Command {
  const made = new Command('qsched').exitOverride();
  addCommands(made, () => undefined);
  return made;
}
const { commands } = program();
const visible = program()
  .createHelp()
  .visibleCommands(program())
  .map((command) => command.name());

describe.each(commands.map((command) => command.name()).filter((name) => visible.includes(name)))('%s', (name) => {
  const examples = EXAMPLES[name] ?? [];

  test('has examples, and its help shows them', () => {
    expect(examples.length).toBeGreaterThan(0);
    let help = '';
    const made = program();
    const command = made.commands.find((one) => one.name() === name)!;
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    for (const [line, what] of examples) {
      expect(help).toContain(`# ${what}`);
      expect(help.replaceAll('npx qsched', 'qsched')).toContain(line);
    }
  });

  test.each(examples)('%s', async (line) => {
    const made = program();
    let ran = '';
    for (const command of made.commands) {
      command.exitOverride().configureOutput({ writeErr: () => undefined });
      command.action(() => {
        ran = command.name();
      });
    }
    const [, words] = /qsched ([^>|)]+)/.exec(line)!;
    const argv = [...words!.trim().matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    await made.parseAsync(argv, { from: 'user' });
    expect([name, 'search']).toContain(ran);
  });
});

test('there are no examples of commands that do not exist', () => {
  expect(Object.keys(EXAMPLES).filter((name) => !visible.includes(name))).toEqual([]);
});

test('the help of the program lists the exit codes', () => {
  for (const code of ['0', '1', '2', '3', '130']) expect(EXIT_CODES).toMatch(new RegExp(`^  ${code} +\\w`, 'm'));
});
