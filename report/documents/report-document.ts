/**
 * A whole report: one search or table, or several side by side.
 */
import { z } from 'zod';
import { gateDocument } from './gate-document.js';
import { searchDocument } from './search-document.js';
import { tableDocument } from './table-document.js';

export const reportDocument = z.object({
  format: z.literal('qsched report'),
  version: z.literal(1),
  /** Of qsched. */
  release: z.string(),
  /** ISO 8601. */
  writtenAt: z.string(),
  parts: z.array(z.discriminatedUnion('kind', [searchDocument, tableDocument, gateDocument])).min(1),
});

export type ReportDocument = z.infer<typeof reportDocument>;
