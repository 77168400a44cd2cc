/**
 * The documents that commands print with --json, by command. `report` has a schema of its own: schemas/report.schema.json.
 */
import { z } from 'zod';
import { LOOK_DOCUMENTS } from './looks.js';
import { RUN_DOCUMENTS } from './runs.js';

export const OUTPUT_DOCUMENTS: Readonly<Record<string, z.ZodType>> = {
  ...RUN_DOCUMENTS,
  ...LOOK_DOCUMENTS,
  error: z.looseObject({
    error: z.looseObject({ code: z.enum(['usage', 'failure']), message: z.string(), hint: z.string() }),
  }),
};
