/**
 * What an artefact folder holds, by kind.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { filesOf } from './artefact-folder.js';

/** Kinds of files, in the order in which they are listed. */
export const ARTEFACT_KINDS = ['images', 'failures', 'tables', 'embeddings', 'records', 'keys', 'other'] as const;
export type ArtefactKind = (typeof ARTEFACT_KINDS)[number];

/** Files and their bytes. */
export interface Usage {
  readonly count: number;
  readonly bytes: number;
}

export interface ArtefactUsage extends Usage {
  readonly kinds: Readonly<Record<ArtefactKind, Usage>>;
}

/** How the objects of each kind begin. */
const BEGINNINGS: readonly (readonly [string, ArtefactKind])[] = [
  ['\x89PNG', 'images'],
  ['{"format":"qsched-failed-picture/', 'failures'],
  ['qsfloat1', 'tables'],
  ['qsarray1', 'embeddings'],
  ['{"format":"qsched-shard/', 'records'],
  ['{"format":"qsched-pairs/', 'records'],
];
const BEGINNING_BYTES = Math.max(...BEGINNINGS.map(([text]) => text.length));

/**
 * Counts the files of an artefact folder; a folder that does not exist is empty.
 *
 * @throws QschedError (failure) if the folder cannot be read
 */
export function artefactUsage(folder: string): ArtefactUsage {
  const kinds = Object.fromEntries(ARTEFACT_KINDS.map((kind) => [kind, { count: 0, bytes: 0 }])) as Record<
    ArtefactKind,
    { count: number; bytes: number }
  >;
  const all = { count: 0, bytes: 0 };
  const add = (kind: ArtefactKind, bytes: number): void => {
    for (const usage of [all, kinds[kind]]) {
      usage.count += 1;
      usage.bytes += bytes;
    }
  };
  for (const { path, bytes } of filesOf(folder, 'objects')) add(kindOf(path), bytes);
  for (const { bytes } of filesOf(folder, 'keys')) add('keys', bytes);
  return { ...all, kinds };
}

function kindOf(path: string): ArtefactKind {
  const beginning = beginningOf(path);
  return BEGINNINGS.find(([text]) => beginning.startsWith(text))?.[1] ?? 'other';
}

function beginningOf(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(BEGINNING_BYTES);
      return bytes.toString('latin1', 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    return ''; // removed or replaced meanwhile
  }
}
