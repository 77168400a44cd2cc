/** What commands print with --json is what schemas/output.schema.json says. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addCommands } from '../../cli/commands.js';
import { OUTPUT_DOCUMENTS } from '../../cli/documents/index.js';
import { openStore } from '../../db/open-store.js';
import { OUTPUT_SCHEMA_PATH, outputSchemaText } from '../../scripts/write-schemas.js';
import { makeKnownSearch } from './known-search.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-output-'));
  const store = openStore(join(folder, 'qsched.db'));
  makeKnownSearch(store, 'known-search', { finished: false });
  store.$client.close();
  writeFileSync(
    join(folder, 'captions.txt'),
    'a red circle\na blue square\na green star\na white ring\na black line\na cyan dot\n',
  );
  writeFileSync(
    join(folder, 'own.json'),
    JSON.stringify({
      format: 'qsched-schedule/1',
      model: 'shapes',
      precision: 'w4a8',
      scheduler: { type: 'tcd', steps: 2, eta: 0 },
      coefficients: { sample: [0.9, 0.95], noise: [1.1, 1.05] },
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the schema is up to date: npx tsx scripts/write-schemas.ts', () => {
  expect(readFileSync(OUTPUT_SCHEMA_PATH, 'utf8')).toBe(outputSchemaText());
});

test('every command has one', () => {
  const program = new Command('qsched');
  addCommands(program, () => undefined);
  const visible = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
  const others = ['help', 'report']; // the schema of a report is schemas/report.schema.json
  expect(visible.filter((name) => !others.includes(name) && OUTPUT_DOCUMENTS[name] === undefined)).toEqual([]);
});

describe('the document of', () => {
  test.each<[string, number]>([
    ['status', 0],
    ['best', 0],
    ['rank', 0],
    ['models --quick', 0],
    ['scores', 0],
    ['prompts list', 0],
    ['prompts import captions.txt --name captions', 0],
    ['prompts check shapes-calibration shapes-heldout', 0],
    ['init shapes --output spec.yaml', 0],
    ['plan --model shapes', 0],
    ['schedules', 0],
    ['schedule show own.json', 0],
    ['schedule add own.json', 0],
    ['clean --max-bytes 10GB --dry-run', 0],
    ['completion bash', 0],
    ['doctor', 0],
    ['doctor --model shapes', 0],
    ['generate --prompt x --schedule own.json --output x.png', 0],
  ])(
    '%s',
    (line, code) => {
      const [name, ...rest] = line.split(' ');
      const env = {
        ...process.env,
        QSCHED_DATA: folder,
        TEMPORAL_ADDRESS: '',
        TEMPORAL_CONFIG_FILE: join(folder, 'no.toml'),
      };
      const ran = spawnSync(process.execPath, [MAIN, name!, ...rest, '--json'], { cwd: folder, encoding: 'utf8', env });
      expect([ran.status, ran.stderr.replaceAll(/^.*(note|wrote|schedule:).*\n/gm, '')]).toEqual([code, '']);
      const read = OUTPUT_DOCUMENTS[name!]!.safeParse(JSON.parse(ran.stdout));
      expect(read.error?.issues ?? []).toEqual([]);
    },
    60_000,
  );

  test('an error', () => {
    const env = { ...process.env, QSCHED_DATA: folder };
    const { status, stdout } = spawnSync(process.execPath, [MAIN, 'best', 'nonsense', '--json'], {
      encoding: 'utf8',
      env,
    });
    expect(status).toBe(2);
    expect(OUTPUT_DOCUMENTS['error']!.safeParse(JSON.parse(stdout)).success).toBe(true);
  });
});
