/** examples/deploy: files that their own tools accept, and commands that exist, with the flags that they have. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { addCommands } from '../../cli/commands.js';
import { PINNED_CLI } from '../../temporal/cache-folder.js';
import { SEARCH_ATTRIBUTES } from '../../temporal/search-attribute-keys.js';
import { read, ROOT } from '../markdown.js';

vi.mock('../../cli/commands/up-command.js', () => ({ upCommand: () => 0, workerCommand: () => 0 }));

const FOLDER = 'examples/deploy';
interface Service {
  readonly command: string | readonly string[];
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
}
const { services, volumes } = parse(read(`${FOLDER}/compose.yaml`)) as {
  services: Readonly<Record<'temporal' | 'up' | 'worker', Service>>;
  volumes: Readonly<Record<string, unknown>>;
};
const units = readdirSync(join(ROOT, FOLDER)).filter((name) => name.endsWith('.service'));

/** `[section] key=value` lines; a line that ends with a backslash continues. */
const settings = (unit: string): Map<string, string> =>
  new Map(
    read(`${FOLDER}/${unit}`)
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .flatMap((line) => {
        const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
        return key === undefined ? [] : [[key, value!] as const];
      }),
  );

/** Runs a command's parser; it throws for what does not exist. */
async function parses(args: readonly string[]): Promise<number | undefined> {
  let code: number | undefined;
  const program = new Command('qsched').exitOverride().configureOutput({ writeErr: () => undefined });
  addCommands(program, (ended) => {
    code = ended;
  });
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync([...args], { from: 'user' });
  return code;
}

const attributes = Object.values(SEARCH_ATTRIBUTES).map(
  ({ name, type }) => `--search-attribute ${name}=${type[0]}${type.slice(1).toLowerCase()}`,
);

describe('compose.yaml', () => {
  it('runs the pinned server with every search attribute', () => {
    expect(services.temporal.image).toBe(`temporalio/temporal:${PINNED_CLI}`);
    for (const attribute of attributes) expect(services.temporal.command).toContain(attribute);
  });

  it.each(['up', 'worker'] as const)('calls `qsched %s` as it is', async (name) => {
    expect(await parses(services[name].command as readonly string[])).toBe(0);
    expect(services[name].environment?.['TEMPORAL_ADDRESS']).toBe('temporal:7233');
  });

  it('declares the volumes that it uses, and shares artefacts', () => {
    const used = Object.values(services).flatMap((service) => service.volumes.map((volume) => volume.split(':')[0]!));
    expect(new Set(used.filter((volume) => !volume.startsWith('.')))).toEqual(new Set(Object.keys(volumes)));
    for (const name of ['up', 'worker'] as const) expect(services[name].volumes).toContain('artefacts:/artefacts');
  });

  it.runIf(spawnSync('docker', ['compose', 'version']).status === 0)('docker compose accepts it', () => {
    const file = join(ROOT, FOLDER, 'compose.yaml');
    expect(spawnSync('docker', ['compose', '-f', file, 'config', '--quiet'], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });
});

describe('the units', () => {
  const ours = units.filter((unit) => unit.startsWith('qsched'));

  it.each(ours)('%s calls a command that exists', async (unit) => {
    const [program, ...args] = settings(unit).get('ExecStart')!.split(' ');
    expect(program).toBe('/usr/local/bin/qsched');
    expect(await parses(args)).toBe(0);
    expect(settings(unit).get('EnvironmentFile')).toBe('/etc/qsched.env');
  });

  it('the server has every search attribute', () => {
    for (const attribute of attributes) expect(settings('temporal.service').get('ExecStart')).toContain(attribute);
  });

  it('the environment has variables that qsched reads', () => {
    const names = [...read(`${FOLDER}/qsched.env`).matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    expect(names).toEqual(['TEMPORAL_ADDRESS', 'QSCHED_DATA', 'QSCHED_ARTEFACTS', 'QSCHED_MODELS']);
  });

  it.runIf(spawnSync('systemd-analyze', ['--version']).status === 0)('systemd-analyze verify accepts them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'qsched-units-'));
    try {
      // The programs and the user need not exist here.
      for (const unit of units) {
        const text = read(`${FOLDER}/${unit}`)
          .replaceAll(/\/usr\/local\/bin\/\w+/g, process.execPath)
          .replace(/^User=.*\n/m, '');
        writeFileSync(join(folder, unit), text);
      }
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units.map((unit) => join(folder, unit))], {
        encoding: 'utf8',
      });
      const own = stderr.split('\n').filter((line) => units.some((unit) => line.includes(unit)));
      expect({ status, own }).toEqual({ status: 0, own: [] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('the parser refuses what does not exist', async () => {
  await expect(parses(['up', '--modell', 'shapes'])).rejects.toThrow(/unknown option/);
});
