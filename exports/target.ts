/**
 * An export target: another program, and the files with which it samples a schedule of ours.
 */
import type { CompleteSchedule } from '../contract/schedule-document.js';
import type { Provenance } from '../contract/provenance.js';
import { requireFused, type FusedSchedule } from '../diffusion/fused.js';

/** Arithmetic of an ONNX step. */
export const ARITHMETICS = ['double', 'float32', 'float16'] as const;
export type Arithmetic = (typeof ARITHMETICS)[number];

/** How latents are laid out: (B, C, h, w), or packed in patches of 2 x 2, (B, patches, 4 C), as FLUX's transformer takes them. */
export const LAYOUTS = ['channels', 'packed'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** What a target may be asked for. */
export interface ExportOptions {
  readonly arithmetic?: Arithmetic | undefined;
  /** Needed by onnx. */
  readonly layout?: Layout | undefined;
}

/** A schedule with its provenance, as targets take it. */
export interface ExportedSchedule {
  readonly document: CompleteSchedule & { readonly provenance: Provenance };
  /** The steps, with coefficients and PTQD's correction inside. */
  readonly fused: FusedSchedule;
}

/** A file of an export; the name is relative to where the export is written. */
export interface ExportedFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** What a target made of a schedule. */
export interface Exported {
  readonly files: readonly [ExportedFile, ...ExportedFile[]];
  /** Sentences for the reader: how to use the files. */
  readonly notes: readonly string[];
}

export interface ExportTarget {
  readonly help: string;
  /** @throws QschedError (usage) with the reason if the target cannot express the schedule */
  write(schedule: ExportedSchedule, options: ExportOptions): Exported;
}

/** @throws QschedError (usage) if a step clips its predicted sample: there is nothing to multiply into it */
export const exportedSchedule = (document: ExportedSchedule['document']): ExportedSchedule => ({
  document,
  fused: requireFused(document.fused, 'an export needs them'),
});
