/**
 * How many rows each network gets per call: a fixed number for a model, whatever the machine, since it is part of the
 * numeric class. All workers of a search compute with the same.
 */
import { join } from 'node:path';
import type { Batches } from '../../contract/wire/network.js';
import { rowsPerCall, sharedInputs, type NetworkFile } from './network-file.js';
import { readGraph } from './onnx-graph.js';

/** Allowed numbers of rows, the largest that fits is taken. */
const ROWS = [20, 8, 4, 2, 1];
/** Bytes that one call of a network may take beside its weights. */
const CALL_BYTES = 4 * 2 ** 30;
/** A scorer at the image's own size: a ResNet-50 takes about this much per pixel. */
const SCORER_PIXEL_BYTES = 200;
/** Images are at most this many times as high and wide as latents. */
const UPSCALING = 8;

const ROLES = ['text', 'denoiser', 'decoder'] as const;

/** What batches are computed from. */
export interface BatchedModel {
  readonly folder: string;
  readonly latentShape: readonly [number, number, number];
  readonly networks: readonly NetworkFile[];
  /** Rows of networks that run behind a server. */
  readonly served?: { readonly batches: Omit<Batches, 'scorer'> } | undefined;
}

/** The largest of 20, 8, 4, 2 and 1 rows that fit in one call's memory; 1 if none does. @param rowBytes estimated */
export const rowsThatFit = (rowBytes: number): number => ROWS.find((rows) => rows * rowBytes <= CALL_BYTES) ?? 1;

/** Bytes per row of a scorer at the images' own size. */
export const scorerRowBytes = ({ latentShape: [, height, width] }: BatchedModel): number =>
  SCORER_PIXEL_BYTES * UPSCALING ** 2 * height * width;

/**
 * Rows per call of each network: of size and layout of the model, or `given` for all; a network whose file fixes the
 * rows, or whose rows depend on each other, has its own number.
 */
export function batchesOf(model: BatchedModel, given?: number): Batches {
  const { folder, networks, served } = model;
  const scorer = given ?? rowsThatFit(scorerRowBytes(model));
  if (served !== undefined) return { ...served.batches, scorer };
  const of = (role: keyof Batches): number =>
    networks
      .filter((network) => network.role === role)
      .map((network) => {
        const batch = given ?? rowsThatFit(network.rowBytes);
        return rowsPerCall(readGraph(join(folder, network.file)), batch, sharedInputs(network));
      })
      .reduce((least, rows) => Math.min(least, rows), Infinity);
  const [text, denoiser, decoder] = ROLES.map((role) => (Number.isFinite(of(role)) ? of(role) : 1));
  return { text: text!, denoiser: denoiser!, decoder: decoder!, scorer };
}

/** The batches as the numeric class names them: one number if all are equal. */
export function batchOf(batches: Batches): number | Batches {
  const { text, denoiser, decoder, scorer } = batches;
  return [denoiser, decoder, scorer].every((rows) => rows === text) ? text : batches;
}
