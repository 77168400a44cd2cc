/**
 * The one folder that holds what qsched writes: database, Temporal data, log and lock files.
 */
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf, QschedError } from '../contract/errors.js';

/** Written and removed again, so that a full disk is seen before a search starts. */
const PROBE = Buffer.alloc(4096);

/** Where the data folder is or would be: `QSCHED_DATA`, or `.qsched` in the working folder. Touches no file. */
export const dataFolderPath = (env: NodeJS.ProcessEnv = process.env): string =>
  resolve(env['QSCHED_DATA'] || '.qsched');

/**
 * The data folder, made when it is not there: `QSCHED_DATA`, or `.qsched` in the working folder.
 *
 * @param env where `QSCHED_DATA` is read from
 * @returns an absolute path without symbolic links
 * @throws QschedError `failure` when the folder cannot be made or written
 */
export function dataFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = dataFolderPath(env);
  const probe = join(folder, `.write-test-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(probe, PROBE);
    rmSync(probe);
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') rmSync(probe, { force: true }); // written in part
    throw new QschedError('failure', `The data folder ${folder} cannot be written: ${reason(error)}.`, remedy(error));
  }
  return realpathSync(folder); // one folder, one name: by it a running server is recognised
}

/** Where images and what was computed from them are kept: `QSCHED_ARTEFACTS`, or `artefacts` in the data folder. */
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
      return 'there is a file where the folder should be';
    default:
      return messageOf(error);
  }
}

function remedy(error: unknown): string {
  const elsewhere = 'set QSCHED_DATA to a folder that you can write, for example `QSCHED_DATA=~/qsched-data`';
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error))
    ? `Free some space, or ${elsewhere}.`
    : `${elsewhere[0]!.toUpperCase()}${elsewhere.slice(1)}.`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
