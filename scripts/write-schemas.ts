/**
 * Writes schemas/*.json, for editors and other programs: a search, an evaluation, a gate, an exported schedule, a report, and what commands print:
 *
 *   npx tsx scripts/write-schemas.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { OUTPUT_DOCUMENTS } from '../cli/documents/index.js';
import { EvaluateSpec } from '../contract/evaluate-spec.js';
import { GateSpec } from '../contract/gate-spec.js';
import { ServerDescription } from '../contract/model-server.js';
import { ScheduleDocument } from '../contract/schedule-document.js';
import { SearchSpec } from '../contract/search-spec.js';
import { reportDocument } from '../report/documents/report-document.js';

/** Where the schema of a search is kept. */
export const SEARCH_SCHEMA_PATH = join(dirname(fileURLToPath(import.meta.url)), '..', 'schemas', 'search.schema.json');

/** Fields of a search, and of an evaluation, whose defaults depend on the model. */
const BY_MODEL = {
  search: [
    'precision',
    'scheduler.type',
    'scheduler.steps',
    'objective.scorer',
    'prompts.set',
    'select.set',
    'confirm.set',
    'confirm.scorers',
  ],
  evaluate: [
    'rows.precision',
    'rows.scheduler.type',
    'rows.scheduler.steps',
    'objective.scorer',
    'prompts.set',
    'scorers',
    'features',
  ],
  gate: ['objective.scorer', 'prompts.set'],
};

/** Part of a JSON Schema. */
interface Part {
  readonly properties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
  default?: unknown;
  description?: string;
}

/** Replaces the bundled model's defaults, which the schema has, by a remark. */
function withoutDefaults(schema: object, paths: readonly string[]): object {
  for (const path of paths) {
    const part = path.split('.').reduce<Part | undefined>((at, key) => (at?.items ?? at)?.properties?.[key], schema);
    if (part === undefined) throw new Error(`the schema has no ${path}`);
    delete part.default;
    part.description = 'By default what fits the model.';
  }
  return schema;
}

/** JSON Schema (draft 2020-12) of what a user may write; rules across fields are not in it. */
export function searchSchemaText(): string {
  const written = z.toJSONSchema(SearchSpec, { io: 'input', target: 'draft-2020-12' });
  const schema = withoutDefaults(written, BY_MODEL.search);
  return `${JSON.stringify({ title: 'A search of qsched', ...schema }, null, 2)}\n`;
}

/** Where the schema of an exported schedule is kept. */
export const SCHEDULE_SCHEMA_PATH = join(dirname(SEARCH_SCHEMA_PATH), 'schedule.schema.json');

/** JSON Schema (draft 2020-12) of qsched-schedule/1; that lengths agree is not in it. */
export function scheduleSchemaText(): string {
  const schema = z.toJSONSchema(ScheduleDocument, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ title: 'A schedule of qsched (qsched-schedule/1)', ...schema }, null, 2)}\n`;
}

/** Where the schema of an evaluation is kept. */
export const EVALUATE_SCHEMA_PATH = join(dirname(SEARCH_SCHEMA_PATH), 'evaluate.schema.json');

/** JSON Schema (draft 2020-12) of what a user may write; rules across fields are not in it. */
export function evaluateSchemaText(): string {
  const written = z.toJSONSchema(EvaluateSpec, { io: 'input', target: 'draft-2020-12' });
  const schema = withoutDefaults(written, BY_MODEL.evaluate);
  return `${JSON.stringify({ title: 'An evaluation of qsched', ...schema }, null, 2)}\n`;
}

/** Where the schema of a gate is kept. */
export const GATE_SCHEMA_PATH = join(dirname(SEARCH_SCHEMA_PATH), 'gate.schema.json');

/** JSON Schema (draft 2020-12) of what a user may write; rules across fields are not in it. */
export function gateSchemaText(): string {
  const written = z.toJSONSchema(GateSpec, { io: 'input', target: 'draft-2020-12' });
  const schema = withoutDefaults(written, BY_MODEL.gate);
  return `${JSON.stringify({ title: 'A gate of qsched', ...schema }, null, 2)}\n`;
}

/** Where the schema of a report is kept. */
export const REPORT_SCHEMA_PATH = join(dirname(SEARCH_SCHEMA_PATH), 'report.schema.json');

/** JSON Schema (draft 2020-12) of what `qsched report --json` prints. */
export function reportSchemaText(): string {
  const schema = z.toJSONSchema(reportDocument, { io: 'output', target: 'draft-2020-12', reused: 'ref' });
  return `${JSON.stringify({ title: 'A report of qsched', ...schema }, null, 2)}\n`;
}

/** Where the schema of what a model server says of itself is kept. */
export const SERVER_SCHEMA_PATH = join(dirname(SEARCH_SCHEMA_PATH), 'model-server.schema.json');

/** JSON Schema (draft 2020-12) of the answer to `GET /v1/describe` (docs/model-servers.md). */
export function serverSchemaText(): string {
  const schema = z.toJSONSchema(ServerDescription, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ title: 'A model server of qsched (protocol 1)', ...schema }, null, 2)}\n`;
}

/** Where the schemas of what commands print with --json are kept. */
export const OUTPUT_SCHEMA_PATH = join(dirname(SEARCH_SCHEMA_PATH), 'output.schema.json');

/** JSON Schemas (draft 2020-12) of what commands print with --json, under `$defs` by command. */
export function outputSchemaText(): string {
  const definitions = Object.entries(OUTPUT_DOCUMENTS).map(([name, document]) => {
    const { $schema: _, ...schema } = z.toJSONSchema(document, { io: 'output', target: 'draft-2020-12' });
    return [name, schema];
  });
  const $schema = 'https://json-schema.org/draft/2020-12/schema';
  const title = 'What the commands of qsched print with --json';
  return `${JSON.stringify({ title, $schema, $defs: Object.fromEntries(definitions) }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(dirname(SEARCH_SCHEMA_PATH), { recursive: true });
  writeFileSync(SEARCH_SCHEMA_PATH, searchSchemaText());
  writeFileSync(SCHEDULE_SCHEMA_PATH, scheduleSchemaText());
  writeFileSync(EVALUATE_SCHEMA_PATH, evaluateSchemaText());
  writeFileSync(GATE_SCHEMA_PATH, gateSchemaText());
  writeFileSync(REPORT_SCHEMA_PATH, reportSchemaText());
  writeFileSync(SERVER_SCHEMA_PATH, serverSchemaText());
  writeFileSync(OUTPUT_SCHEMA_PATH, outputSchemaText());
}
