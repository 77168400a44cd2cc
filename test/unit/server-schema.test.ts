import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SERVER_SCHEMA_PATH, serverSchemaText } from '../../scripts/write-schemas.js';

it('schemas/model-server.schema.json is what scripts/write-schemas.ts writes', () => {
  expect(readFileSync(SERVER_SCHEMA_PATH, 'utf8')).toBe(serverSchemaText());
});
