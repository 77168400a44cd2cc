/**
 * The record of a gate's reference as a file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { openArtefactFolder } from '../../artefacts/artefact-store.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { readBaseline } from '../../contract/gate-baseline.js';
import type { GateResult } from '../../contract/gate-result.js';
import { artefactFolder } from '../../temporal/data-folder.js';
import { say } from '../text/output.js';

/** Puts a record where workers find it. @returns its hash. @throws QschedError (usage) for a file that is none */
export function putBaseline(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new QschedError(
      'usage',
      `--baseline: ${path} cannot be read: ${messageOf(error)}`,
      'Give the path of a record.',
    );
  }
  readBaseline(text, `--baseline: ${path}`);
  return openArtefactFolder(artefactFolder()).put(Buffer.from(text));
}

/** Writes the record of a gate's reference. @throws QschedError (usage) where the gate has none; (failure) if it cannot be written */
export function writeBaseline({ baseline }: Pick<GateResult, 'baseline'>, path: string): void {
  const bytes = baseline === null ? undefined : openArtefactFolder(artefactFolder()).get(baseline);
  if (bytes === undefined) {
    throw new QschedError(
      'usage',
      baseline === null
        ? '--write-baseline: the reference was not rendered, for a record of it was given.'
        : 'The record of the reference is not in the artefact folder of this machine.',
      'Run the gate without --baseline, where its artefact folder is.',
    );
  }
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw new QschedError('failure', `${path} cannot be written: ${messageOf(error)}`, 'Name another file.');
  }
  say(`wrote ${path}`);
}
