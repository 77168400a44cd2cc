/**
 * Where an exported schedule comes from: the search, the model's files by their hashes, the verdict. Every export carries
 * it, whatever its format, and `qsched check` compares it with a model on disk.
 */
import { z } from 'zod';

const finite = z.number('must be a finite number');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal');

/** What the search found on held-out prompts. */
const ExportedVerdict = z.strictObject({
  recommend: z.enum(['calibrated', 'identity', 'none']),
  reason: z.string(),
  /** Mean gain over the baseline in the objective, with its 95 % interval. */
  gain: finite,
  low: finite,
  high: finite,
  prompts: z.number().int(),
});

export const Provenance = z.strictObject({
  /** The version of qsched that wrote the export. */
  qsched: z.string(),
  /** SHA-256 of the fused steps: the id under which `qsched schedules` lists them. */
  schedule: sha256,
  kind: z.string(),
  model: z.string().optional(),
  precision: z.string().optional(),
  searchId: z.string().optional(),
  /** Which result of the search: recommended, finalist, best or identity. */
  which: z.string().optional(),
  /** Files of the model, relative to its folder, with the SHA-256 that they had when it was scored. */
  files: z.record(z.string(), sha256).optional(),
  /** What it was scored with: execution provider, version of ONNX Runtime, kind of machine, rows per call. */
  numeric: z.record(z.string(), z.unknown()).optional(),
  verdict: ExportedVerdict.optional(),
});

export type Provenance = z.infer<typeof Provenance>;

/** The verdict of a search result's `heldOut`; undefined if it is none. */
export const verdictOf = (heldOut: unknown): Provenance['verdict'] =>
  z.object(ExportedVerdict.shape).safeParse(heldOut).data;
