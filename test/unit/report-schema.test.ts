/** What programs rely on: the schema of a report is the committed one, and it names the release of the package. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RELEASE } from '../../contract/release.js';
import { REPORT_SCHEMA_PATH, reportSchemaText } from '../../scripts/write-schemas.js';

it('schemas/report.schema.json is what scripts/write-schemas.ts writes', () => {
  expect(readFileSync(REPORT_SCHEMA_PATH, 'utf8')).toBe(reportSchemaText());
});

it('the release is that of package.json', () => {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(RELEASE);
});
