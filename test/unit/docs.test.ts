/** The commands, flags, specs, links and figures of the documentation are those of the program. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { stored } from '../../bench/results.js';
import { asTable, summaryOf } from '../../bench/tables.js';
import { addCommands } from '../../cli/commands.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { readGate } from '../../contract/validate-gate.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { SEARCH_ATTRIBUTES } from '../../temporal/search-attribute-keys.js';
import { blocks, PAGES, read, ROOT } from '../markdown.js';

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('names commands and flags that exist', () => {
    const program = new Command('qsched');
    addCommands(program, () => undefined);
    const code = [...text.matchAll(/^```[^]*?^```|`[^`\n]+`/gm)]
      .map(([block]) => block.replaceAll(/#.*/g, ''))
      .join('\n');
    const unknown = [...code.matchAll(/\bqsched ([a-z]+)([^\n`]*)/g)].flatMap(([, name, rest]) => {
      const command = program.commands.find((one) => one.name() === name);
      if (command === undefined) return [name!];
      const known = command.options.flatMap(({ long, short }) => [long, short]);
      const flags = [...rest!.matchAll(/--[a-z-]+/g)].map(([flag]) => flag);
      return flags.filter((flag) => !known.includes(flag)).map((flag) => `${name} ${flag}`);
    });
    expect(unknown).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([]);
  });
});

it('the page of the Temporal CLI lists every search attribute with its type', () => {
  const rows = read('docs/temporal-cli.md')
    .split('\n')
    .flatMap((line) => {
      const [, names, type] = /^\| (`Qsched[^|]*) \| (\w+) \|/.exec(line) ?? [];
      return names === undefined ? [] : names.split(', ').map((name) => `${name.replaceAll('`', '')} ${type}`);
    });
  const attributes = Object.values(SEARCH_ATTRIBUTES).map(
    ({ name, type }) => `${name} ${type[0]}${type.slice(1).toLowerCase()}`,
  );
  expect(rows.sort()).toEqual(attributes.sort());
});

it('README starts with two commands', () => {
  const [first] = blocks('README.md', 'sh');
  expect(first!.split('\n').map((line) => line.replace(/ *#.*/, ''))).toEqual([
    'npm ci && npm start',
    'npm ci && npm test',
    '',
  ]);
});

it("README's spec is valid, and shows the defaults", () => {
  const [spec] = blocks('README.md', 'yaml');
  expect(parseSearchSpec(parse(spec!))).toEqual(parseSearchSpec({ model: 'shapes' }));
});

it('the specs of docs and examples are valid', () => {
  const [table] = blocks('docs/evaluate.md', 'yaml');
  expect(parseEvaluateSpec(parse(table!)).rows).toHaveLength(4);
  const [gate] = blocks('docs/gate.md', 'yaml');
  expect(readGate(parse(gate!)).spec.scores).toHaveLength(3);
  expect(readGate(parse(read('examples/gate.yaml'))).spec.margins).toEqual({ ssim: 0.8 });
  for (const kind of ['http', 'module']) {
    const [spec] = blocks(`examples/${kind}-scorer/README.md`, 'yaml');
    expect(parseSearchSpec(parse(spec!)).confirm.scorers).toEqual(['second', `${kind}-scorer`]);
  }
});

it('the tables of benchmarks are those of bench/results.json', () => {
  expect(read('README.md')).toContain(`\n${summaryOf(stored())}\n`);
  expect(read('docs/benchmarks.md')).toContain(`\n${asTable(stored(), 'markdown')}\n`);
});
