/**
 * Writes the files of an export: all of them, or none.
 */
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, QschedError } from '../../contract/errors.js';

interface NamedFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/**
 * Writes files beside their places first, then moves them there.
 *
 * @param output a folder, or the path of the file if there is only one; by default the current folder
 * @returns their paths
 * @throws QschedError: (usage) several files need a folder; (failure) they cannot be written
 */
export function writeFiles(files: readonly [NamedFile, ...NamedFile[]], output = '.'): string[] {
  const kind = kindOf(output);
  if (files.length > 1 && kind === 'file') {
    throw new QschedError(
      'usage',
      `--output ${output} is a file, but this export has ${files.length} files: ${files.map(({ name }) => name).join(', ')}.`,
      'Give a folder.',
    );
  }
  const single = files.length === 1 && kind !== 'folder';
  const placed = files.map(({ name, content }) => {
    const path = single ? output : join(output, name);
    return { path, content, aside: `${path}.${process.pid}.tmp` };
  });
  try {
    for (const { path, content, aside } of placed) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(aside, content);
    }
    for (const { path, aside } of placed) renameSync(aside, path);
  } catch (error) {
    for (const { aside } of placed) if (existsSync(aside)) rmSync(aside);
    throw new QschedError(
      'failure',
      `The export cannot be written to ${output}: ${messageOf(error)}`,
      'Use another path with --output.',
    );
  }
  return placed.map(({ path }) => path);
}

/** What is at a path, or is meant by it. */
function kindOf(path: string): 'folder' | 'file' | 'nothing' {
  if (/[\\/]$/.test(path)) return 'folder';
  if (!existsSync(path)) return 'nothing';
  return statSync(path).isDirectory() ? 'folder' : 'file';
}
