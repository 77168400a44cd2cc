/**
 * Python files with a schedule inside: a template with two lines that are filled in.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Provenance } from '../contract/provenance.js';
import { provenanceText, PROVENANCE_KEY } from './provenance-text.js';

/** Values that are the same in JSON and in Python. */
type Literal = number | string | readonly number[] | readonly Readonly<Record<string, number | readonly number[]>>[];

/** The file `exports/templates/<name>` with a schedule and its provenance. */
export function fillTemplate(
  name: string,
  provenance: Provenance,
  schedule: Readonly<Record<string, Literal>>,
): string {
  return readFileSync(templatePath(name), 'utf8')
    .replace(`# ${PROVENANCE_KEY}\n`, () => `# ${PROVENANCE_KEY}: ${provenanceText(provenance)}\n`)
    .replace('SCHEDULE = None\n', () => `SCHEDULE = ${dictionary(schedule)}\n`);
}

/** A dictionary, with one row of a list per line. */
function dictionary(values: Readonly<Record<string, Literal>>): string {
  const lines = Object.entries(values).map(([key, value]) => {
    const isRows = Array.isArray(value) && typeof value[0] === 'object';
    const text = isRows ? `[\n${value.map((row) => `        ${literal(row)},\n`).join('')}    ]` : literal(value);
    return `    ${JSON.stringify(key)}: ${text},\n`;
  });
  return `{\n${lines.join('')}}`;
}

const literal = (value: unknown): string => JSON.stringify(value).replaceAll(/([:,])(?=[-\d["{])/g, '$1 ');

/** Where a template is, from the sources as from dist/. */
function templatePath(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'exports', 'templates', name))) folder = dirname(folder);
  return join(folder, 'exports', 'templates', name);
}
