/**
 * `qsched init`: looks into a model folder and writes a commented spec that runs as it is.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { messageOf, QschedError } from '../../contract/errors.js';
import { inspectNetwork } from '../../inference/describe.js';
import { modelRoots } from '../../inference/models/model-roots.js';
import { usualScorers } from '../../inference/scorers/usual-scorers.js';
import { checkSearchFiles } from '../../planning/check.js';
import { settleSearchHere } from '../../planning/settle.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import type { Given } from '../input/flag.js';
import type { INIT } from '../input/flags.js';
import { modelArgument, plainModel } from '../input/model-path.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import { specText } from '../text/spec-text.js';

/**
 * @param folder a model by name, or the path of its folder
 * @returns the exit code
 * @throws QschedError (usage): what the folder lacks, or a file that exists already
 */
export function initCommand(folder: string, flags: Given<typeof INIT> & GlobalOptions): number {
  const model = plainModel(existsSync(folder) && !isRooted(folder) ? resolve(folder) : folder);
  const output = flags.output ?? `${model}.yaml`;
  if (existsSync(output) && flags.force !== true) {
    throw new QschedError(
      'usage',
      `${output} exists already.`,
      'Choose another --output, or overwrite it with --force.',
    );
  }
  const written = { model, ...(flags.precision === undefined ? {} : { precision: flags.precision }) };
  const spec = settleSearchHere(written);
  checkSearchFiles(spec);
  const { precision } = spec;
  const facts = inspectNetwork({ version: WIRE_VERSION, model, precision, options: {}, scorers: [] });
  write(output, specText(spec, { model: modelIn(output, model), facts, scorers: usualScorers() }));
  if (flags.json) printJson({ output, spec });
  else print(`wrote ${output}\n  run it: npx qsched search ${output}`);
  return 0;
}

/** Whether a name is that of a model under the roots: a folder of the same name here does not count then. */
const isRooted = (name: string): boolean => modelRoots().some((root) => existsSync(resolve(root, name)));

/** A model outside the roots of the user is named by its path, from the folder of the spec. */
function modelIn(output: string, model: string): string {
  const path = modelArgument(model);
  if (path === model) return model;
  const from = relative(dirname(resolve(output)), path);
  return from.startsWith('../..') ? path : from.startsWith('.') ? from : `./${from}`;
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new QschedError('failure', `${path} cannot be written: ${messageOf(error)}`, 'Choose another --output.');
  }
}
