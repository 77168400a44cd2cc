/** The command that repeats a search gives the same spec back, as flags or as a spec file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { addCommands } from '../../cli/commands.js';
import { flagName } from '../../cli/input/flag.js';
import { SEARCH_SPEC } from '../../cli/input/flags.js';
import { readSpec, type SpecFlags } from '../../cli/input/spec-input.js';
import { completeStored } from '../../contract/spec-defaults.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { FLAGS, repeatCommand } from '../../report/data/repeat-command.js';
import { repeatStudy } from '../../report/data/repeat-table.js';

const folder = mkdtempSync(join(tmpdir(), 'qsched-repeat-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The arguments after `npx qsched`, as a shell gives them, having run what stands before in a folder. */
function argumentsOf(command: string): string[] {
  const script = `npx() { printf '%s\\0' "$@"; }\n${command}\n`;
  const out = execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  return out.split('\0').slice(1, -1);
}

/** What `qsched search` makes of the command. */
function specOf(command: string): unknown {
  const [name, ...rest] = argumentsOf(command);
  expect(name).toBe('search');
  const program = new Command('qsched').exitOverride();
  addCommands(program, () => undefined);
  const search = program.commands.find((one) => one.name() === 'search')!;
  const { operands, unknown } = search.parseOptions(rest);
  expect(unknown).toEqual([]);
  const [file] = operands;
  return readSpec(file === undefined ? undefined : join(folder, file), search.opts<SpecFlags>()).spec;
}

describe('the command of a search', () => {
  it('has the flags that the command line has', () => {
    const own = Object.entries(SEARCH_SPEC).flatMap(([key, flag]) => {
      const { path, fields = [] } = flag as { path?: string; fields?: readonly string[] };
      return [...(path === undefined ? [] : [path]), ...fields].map((field) => [field, flagName(key)]);
    });
    expect(own).toEqual(expect.arrayContaining(Object.entries(FLAGS)));
  });

  it('is short where the defaults say the rest', () => {
    expect(repeatCommand(parseSearchSpec({ model: 'shapes' }))).toBe(
      'npx qsched search --model shapes --precision w4a8 --scheduler tcd --steps 4',
    );
  });

  it.each([
    {},
    { precision: 'w8a8', scheduler: { type: 'lcm', steps: 2, eta: 0 }, control: 'search' },
    { optimizer: { type: 'grid', budget: 25, gridPoints: 5 }, coefficients: { shape: 'single-scale' } },
    { optimizer: { type: 'cma-es', budget: 50, seed: 7, batch: 8 }, racing: 'off' },
    { coefficients: { range: [0.7, 1.3], tune: 'noise' }, prompts: { count: 4, seeds: [5, 6, 7] } },
    { objective: { weights: { 'clip-score-hessel': 1, 'clip-iqa.noisiness': 2 } } },
    { objective: { k: 'auto', atLeast: { text: -0.002 } }, prior: 'none' },
    { objective: { goal: 'repair' }, control: 'evaluate' },
  ])('says %j with flags', (more) => {
    const spec = parseSearchSpec({ model: 'shapes', ...more });
    const command = repeatCommand(spec);
    expect(command).toMatch(/^npx qsched search --model shapes [^\n]*$/);
    expect(specOf(command)).toEqual(spec);
  });

  it.each([
    { prompts: { texts: ['one', "it's $HOME `two`\nEND", '--three'] } },
    { confirm: { scorers: [] } },
    { racing: { block: 6, alpha: 0.2 } },
    { coefficients: { range: [0.8, 1.2], growTo: [0.6, 1.4] } },
    { scheduler: { type: 'tcd', steps: 2, timesteps: [900, 400] } },
    { objective: { scorer: 'second' } },
  ])('says %j with a spec file', (more) => {
    const spec = parseSearchSpec({ model: 'shapes', ...more });
    const command = repeatCommand(spec);
    expect(command).toMatch(/^cat > search\.yaml <<'END+'\n/);
    expect(specOf(command)).toEqual(spec);
  });

  it('leaves out how long to wait and what to retry', () => {
    const spec = parseSearchSpec({ model: 'shapes', waitForWorker: 5, retryFailed: true });
    expect(repeatCommand(spec)).toBe(repeatCommand(parseSearchSpec({ model: 'shapes' })));
  });

  it('of another model says what its defaults may not', () => {
    const command = repeatCommand(parseSearchSpec({ model: 'other' }));
    expect(command).toContain('\n  set: shapes-calibration\n');
    expect(command).toContain('\n  scorers:\n    - second\n');
  });

  it('of a spec of 0.1.0 is as that release did it', () => {
    const {
      racing: _,
      prior: _prior,
      start: _start,
      ...stored
    } = parseSearchSpec({ model: 'shapes', optimizer: { type: 'cma-es' } });
    const spec = completeStored(
      JSON.stringify({ ...stored, coefficients: { shape: 'linear', tune: 'both', range: [0.8, 1.2] } }),
    );
    const command = repeatCommand(spec);
    expect(command).toContain('--racing off');
    expect(specOf(command)).toEqual(spec);
  });
});

it('a table of the paper is repeated with the options that a user gives', () => {
  expect(repeatStudy({ name: 'table-1', options: { model: 'shapes', precision: 'w4a8', count: 50 } })).toBe(
    'npx qsched reproduce table-1 --count 50',
  );
  expect(repeatStudy({ name: 'surface', options: { model: 'mine', precision: 'w8a8', budget: 9 } })).toBe(
    'npx qsched reproduce surface --model mine --precision w8a8 --budget 9',
  );
});
