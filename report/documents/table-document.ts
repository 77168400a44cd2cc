/**
 * What a report says of an evaluation or of a table of the paper.
 */
import { z } from 'zod';
import { coefficients, imageSource, interval } from './values.js';

export const tableDocument = z.object({
  kind: z.literal('table'),
  id: z.string(),
  name: z.string(),
  status: z.enum(['running', 'paused', 'finished', 'failed', 'cancelled']),
  message: z.string().nullable(),
  /** Heads of the columns that have at least one value, as `evaluate` prints them. */
  columns: z.array(z.object({ key: z.string(), title: z.string(), better: z.enum(['higher', 'lower', 'either']) })),
  rows: z.array(
    z.object({
      name: z.string(),
      network: z.string(),
      schedule: z.string(),
      coefficients: coefficients.nullable(),
      /** By the key of a column. */
      values: z.record(z.string(), interval.nullable()),
      /** Whether the gain over its baseline is above 0 after Holm's correction; null for a baseline. */
      significant: z.boolean().nullable(),
    }),
  ),
  /** The same prompts and seeds under every row. */
  images: z.array(z.object({ prompt: z.string(), seed: z.int(), rows: z.array(imageSource) })),
  /** About all of them: their size, and that at which they are shown if it is smaller; null without images. */
  imageNote: z.string().nullable(),
  /** Pairs of images that are furthest from full precision, by row; empty without pairwise scores. */
  worst: z.array(
    z.object({
      row: z.string(),
      score: z.string(),
      better: z.enum(['higher', 'lower']),
      pairs: z.array(
        z.object({
          prompt: z.string(),
          seed: z.int(),
          value: z.number(),
          reference: imageSource,
          candidate: imageSource,
        }),
      ),
    }),
  ),
  notes: z.array(z.string()),
  provenance: z.array(z.object({ name: z.string(), value: z.string() })),
  command: z.string(),
});

export type TableDocument = z.infer<typeof tableDocument>;
