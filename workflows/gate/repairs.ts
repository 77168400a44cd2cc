/**
 * Artefacts that go while a gate runs are made again.
 */
import { QschedError } from '../../contract/errors.js';

/** How often shards whose artefacts have gone meanwhile are made again. */
export const MAX_REPAIRS = 2;

/** What is made again goes again: it is kept in another folder. */
export const artefactsElsewhere = (): QschedError =>
  new QschedError(
    'failure',
    'Artefacts of the gate are not in the folder of the worker that compares them.',
    'Workers on several machines need one artefact folder: set QSCHED_ARTEFACTS to a shared folder for each of them.',
  );
