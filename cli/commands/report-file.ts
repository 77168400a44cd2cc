/**
 * Where a report is written, and opening it in a browser.
 */
import { spawn } from 'node:child_process';
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { messageOf, QschedError } from '../../contract/errors.js';
import { say } from '../text/output.js';

/** The file in the working folder that a report of these searches and tables gets by default; at least one. */
export const defaultPath = ([first, ...others]: readonly string[]): string =>
  `qsched-report-${first}${others.length === 0 ? '' : `-and-${others.length}-more`}.html`;

/** @throws QschedError (usage) for a folder, or a file in a folder that is not there */
export function checkOutput(path: string): void {
  if (/[/\\]$/.test(path) || (existsSync(path) && statSync(path).isDirectory())) {
    throw new QschedError(
      'usage',
      `--output: ${path} is a folder.`,
      `Name a file in it: --output ${join(path, 'report.html')}`,
    );
  }
  const folder = dirname(resolve(path));
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new QschedError(
      'usage',
      `--output: there is no folder ${folder}.`,
      'Create it, or leave --output out to write into the working folder.',
    );
  }
}

/** Writes a report whole or not at all. @throws QschedError (failure) if the file cannot be written */
export function writeReport(path: string, html: string): void {
  try {
    writeFileSync(`${path}.new`, html);
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new QschedError(
      'failure',
      `${path} cannot be written: ${messageOf(error)}`,
      'Write it elsewhere with --output, for example --output /tmp/report.html',
    );
  }
}

const OPENED_MILLISECONDS = 3000;

/** Programs that open a file as a click would, by platform. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', '""'],
};

/** Opens a file in the user's browser, or says why not; the file is there in any case. */
export async function openFile(path: string): Promise<void> {
  const [program = '', ...before] = OPENERS[process.platform] ?? ['xdg-open'];
  const failed = await new Promise<string | null>((done) => {
    const child = spawn(program, [...before, resolve(path)], { detached: true, stdio: 'ignore' });
    child.once('error', () => done(`${program} is not on PATH`));
    child.once('exit', (code) => done(code === 0 || code === null ? null : `${program} ended with exit code ${code}`));
    // An opener that becomes the browser itself never ends.
    setTimeout(() => done(null), OPENED_MILLISECONDS).unref();
    child.unref();
  });
  if (failed !== null) say(`No browser was opened: ${failed}. Open ${resolve(path)} in one.`);
}
