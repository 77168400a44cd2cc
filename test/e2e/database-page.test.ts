/**
 * docs/database.md on a database that real searches have filled: every query gives rows, and the programs of other tools run
 * where the tool is installed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocks, read } from '../markdown.js';
import { cleanUp, newDataFolder, query, runCli } from './harness.js';

const PAGE = 'docs/database.md';
/** Its parent is the working folder of the page's programs. */
const data = join(dirname(newDataFolder()), '.qsched');
const cwd = dirname(data);
const PYTHON = process.env['QSCHED_TEST_PYTHON'] ?? 'python3';

const has = (module: string): boolean => spawnSync(PYTHON, ['-c', `import ${module}`]).status === 0;
const EXTENSION = 'import duckdb; duckdb.sql("install sqlite; load sqlite")';
const hasExtension = (): boolean => has('duckdb') && spawnSync(PYTHON, ['-c', EXTENSION]).status === 0;
const python = (...args: string[]): string => execFileSync(PYTHON, args, { cwd, encoding: 'utf8', env: ENVIRONMENT });
const ENVIRONMENT = { ...process.env, OMP_NUM_THREADS: '1' };

beforeAll(async () => {
  const small = ['--model', 'shapes', '--steps', '2'];
  const counts = ['--count', '4', '--select-count', '4', '--confirm-count', '20'];
  for (const args of [
    ['search', ...small, '--budget', '16', ...counts, '--control', 'evaluate'],
    ['evaluate', ...small, '--precision', 'fp32,w4a8', '--schedules', 'identity,q-sched', '--count', '4'],
  ]) {
    const { code, stderr } = await runCli(args, data);
    if (code !== 0) throw new Error(`qsched ${args.join(' ')}: exit code ${String(code)}\n${stderr}`);
  }
});

afterAll(cleanUp);

describe('the queries', () => {
  const queries = blocks(PAGE, 'sql');

  it('are at least ten', () => {
    expect(queries.length).toBeGreaterThanOrEqual(10);
  });

  it.each(queries.map((sql) => [sql.split('\n')[0], sql]))('%s', (_, sql) => {
    const rows = query<Readonly<Record<string, unknown>>>(data, sql!);
    expect(rows.length).toBeGreaterThan(0);
    // A column that is null everywhere would be one that does not exist in the JSON that it is read from.
    const columns = Object.keys(rows[0]!).filter((name) => name !== 'pairs');
    expect(columns.filter((name) => rows.every((row) => row[name] === null))).toEqual([]);
  });

  it('name every view and table of the database', () => {
    const named = new Set(read(PAGE).match(/[a-z_]+/g));
    const stored = query<{ name: string }>(
      data,
      "select name from sqlite_master where type in ('table', 'view') and name not glob '__*' and name not glob 'sqlite_*'",
    );
    expect(stored.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });
});

describe('the programs', () => {
  const programs = blocks(PAGE, 'python');
  const of = (name: string): string => programs.find((code) => code.includes(name))!;

  it.runIf(has('pandas'))('pandas: correlations of trials and gains of prompts', () => {
    const printed = python('-c', of('corr('));
    expect(printed).toMatch(/c_x_0 +(-?\d|NaN)/);
    expect(printed).toMatch(/objective +20\.0 /);
  });

  it.runIf(hasExtension())("duckdb: its sqlite extension, downloaded by DuckDB, reads the file's evaluations", () => {
    expect(python('-c', of('install sqlite'))).toMatch(/w4a8.*objective/);
  });

  it.runIf(has('duckdb, pandas'))('duckdb: quantiles of a frame of pandas', () => {
    expect(python('-c', of('from gains'))).toMatch(/│ objective +│ \[/);
  });

  it.runIf(has('datasette'))('datasette: serves the view and the stored query', () => {
    const [metadata] = blocks(PAGE, 'yaml');
    writeFileSync(join(cwd, 'datasette.yaml'), metadata!);
    const get = (path: string): { rows: unknown[] } =>
      JSON.parse(
        python('-m', 'datasette', join('.qsched', 'qsched.db'), '--metadata', 'datasette.yaml', '--get', path),
      ) as { rows: unknown[] };
    expect(get('/qsched/best_coefficients.json?_shape=objects').rows).toHaveLength(1);
    expect(get('/qsched/losing-prompts.json?_shape=objects').rows).toHaveLength(20);
  });
});
