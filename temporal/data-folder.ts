/**
 * The folder that holds everything qsched writes: database, Temporal data, log and lock files.
 */
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf, QschedError } from '../contract/errors.js';

/** Written and removed again, to detect a full disk before a search starts. */
const PROBE = Buffer.alloc(4096);

/** Path of the data folder: `QSCHED_DATA`, or `.qsched` in the working folder. Creates nothing. */
export const dataFolderPath = (env: NodeJS.ProcessEnv = process.env): string =>
  resolve(env['QSCHED_DATA'] || '.qsched');

/**
 * The data folder, created if it does not exist: `QSCHED_DATA`, or `.qsched` in the working folder.
 *
 * @param env has `QSCHED_DATA`
 * @returns an absolute path without symbolic links
 * @throws QschedError `failure` if the folder cannot be created or written
 */
export function dataFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = dataFolderPath(env);
  const probe = join(folder, `.write-test-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(probe, PROBE);
    rmSync(probe);
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') rmSync(probe, { force: true }); // partly written
    throw new QschedError('failure', `The data folder ${folder} cannot be written: ${reason(error)}.`, remedy(error));
  }
  return realpathSync(folder); // one name per folder
}

/** Folder of the images and of what was computed from them: `QSCHED_ARTEFACTS`, or `artefacts` in the data folder. */
export const artefactFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env['QSCHED_ARTEFACTS'] ? resolve(env['QSCHED_ARTEFACTS']) : join(dataFolder(env), 'artefacts');

function reason(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOSPC':
      return 'the disk is full';
    case 'EDQUOT':
      return 'the disk quota is used up';
    case 'EROFS':
      return 'the file system is read-only';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'a file has that name';
    default:
      return messageOf(error);
  }
}

function remedy(error: unknown): string {
  const elsewhere = 'set QSCHED_DATA to a writable folder, for example `QSCHED_DATA=~/qsched-data`';
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error))
    ? `Free some space, or ${elsewhere}.`
    : `${elsewhere[0]!.toUpperCase()}${elsewhere.slice(1)}.`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
